/** A cluster keeps its colour on every chart: it follows from the names in the fleet, not from the answer. */

export const PALETTE = 8;

function hash(name: string): number {
  let sum = 2_166_136_261;
  for (const letter of name) sum = Math.imul(sum ^ (letter.codePointAt(0) ?? 0), 16_777_619);
  return sum >>> 0;
}

/** A slot of the palette for each name. Who comes first by name keeps its slot; the next takes the next free one. */
export function slotsFor(names: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of names.toSorted()) {
    let slot = hash(name) % PALETTE;
    while (taken.has(slot) && taken.size < PALETTE) slot = (slot + 1) % PALETTE;
    taken.add(slot);
    slots.set(name, slot);
  }
  return slots;
}

/** Further series of one cluster: the same colour, drawn nearer to the text and then nearer to the ground. */
const SHADES = ['', 'var(--ink) 45%', 'var(--canvas) 45%', 'var(--ink) 70%'] as const;

export interface Ink {
  slot: number;
  shade: number;
}

export const inkCss = ({ slot, shade }: Ink): string => {
  const mix = SHADES[shade % SHADES.length];
  const colour = `var(--series-${slot + 1})`;
  return mix ? `color-mix(in oklab, ${colour}, ${mix})` : colour;
};

/** By cluster where several answered; by series where only one did. */
export function inksFor(clusters: readonly string[], slots: ReadonlyMap<string, number>): Ink[] {
  if (new Set(clusters).size <= 1) {
    return clusters.map((_, index) => ({ slot: index % PALETTE, shade: Math.floor(index / PALETTE) }));
  }
  const seen = new Map<string, number>();
  return clusters.map((cluster) => {
    const shade = seen.get(cluster) ?? 0;
    seen.set(cluster, shade + 1);
    return { slot: slots.get(cluster) ?? 0, shade };
  });
}
