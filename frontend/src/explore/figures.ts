/** Numbers for people: full in tables, short on an axis. */

const table = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 });
const axis = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 });

function special(value: number): string | null {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e15) ? value.toExponential(3) : null;
}

export const figure = (value: number | null): string => (value === null ? '–' : (special(value) ?? table.format(value)));

export const axisFigure = (value: number): string => special(value) ?? axis.format(value);
