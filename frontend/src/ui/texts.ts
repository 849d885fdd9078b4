/** What an address holds under the names that a page knows: everything else is left out, and so is what is empty. */
export function textsIn<Key extends string>(search: Record<string, unknown>, keys: readonly Key[]): { [Each in Key]?: string } {
  const read: { [Each in Key]?: string } = {};
  for (const key of keys) {
    const value = search[key];
    if (typeof value === 'string' && value !== '') read[key] = value;
  }
  return read;
}
