/** Figures of cards with their units. What a card does not tell is a dash, never a nought. */

export const UNTOLD = '–';

const told = (value: number | null | undefined, write: (value: number) => string): string =>
  value === null || value === undefined ? UNTOLD : write(value);

const figure = (value: number, digits: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: 0 });

export const percent = (value: number | null): string => told(value, (each) => `${Math.round(each)} %`);

/** Cards count in MiB; people in GiB. */
export const gib = (mib: number | null): string => told(mib, (each) => `${figure(each / 1024, 1)} GiB`);

/** "39.1 of 79.6 GiB", the unit said once. */
export const memory = (used: number | null, total: number | null): string =>
  total === null ? gib(used) : `${gib(used).replace(' GiB', '')} of ${gib(total)}`;

const KILO_FROM = 10_000;

/** "512 of 700 W", "9.9 of 21.7 kW": in the unit of the greater, said once. */
export function power(draw: number | null, limit: number | null): string {
  const kilo = Math.max(draw ?? 0, limit ?? 0) >= KILO_FROM;
  const write = (each: number) => (kilo ? figure(each / 1000, 1) : figure(each, 0));
  const unit = kilo ? 'kW' : 'W';
  if (limit === null) return told(draw, (each) => `${write(each)} ${unit}`);
  return `${told(draw, write)} of ${write(limit)} ${unit}`;
}

export const celsius = (value: number | null): string => told(value, (each) => `${figure(each, 0)} °C`);

export const cards = (value: number | null): string => told(value, (each) => figure(each, 2));

export const hours = (value: number | null): string => told(value, (each) => figure(each, each < 10 ? 2 : each < 1000 ? 1 : 0));

export function money(value: number | null, currency: string | null): string {
  if (value === null) return UNTOLD;
  const digits = { maximumFractionDigits: Math.abs(value) >= 1000 ? 0 : 2, minimumFractionDigits: 0 };
  return currency === null ? value.toLocaleString('en', digits) : `${value.toLocaleString('en', digits)} ${currency}`;
}

/** A share of a whole in percent; null where either is not known. */
export const shareOf = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null || whole === 0 ? null : (100 * part) / whole;
