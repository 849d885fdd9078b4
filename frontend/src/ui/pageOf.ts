/** The number of a page, as an address tells it. */
export const pageOf = ({ page }: { page?: string }): number => Math.max(1, Math.floor(Number(page ?? 1)) || 1);
