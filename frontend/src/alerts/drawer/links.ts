/** Links that an alert's own text gives. It was written by others: only web addresses become links. */

export function webAddress(text: string): string | null {
  if (!/^https?:\/\//i.test(text.trim())) return null;
  return URL.canParse(text.trim()) ? text.trim() : null;
}

/** A text in pieces, those that are web addresses apart. */
export function pieces(text: string): { text: string; href: string | null }[] {
  return text
    .split(/(https?:\/\/[^\s<>"'()[\]{}]+[^\s<>"'()[\]{}.,;:!?])/i)
    .filter(Boolean)
    .map((piece) => ({ text: piece, href: webAddress(piece) }));
}
