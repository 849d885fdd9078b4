/** Points in time as an address tells them: `now`, `now-1h`, or an ISO time. */

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
type Unit = keyof typeof UNIT_SECONDS;

/** Unix seconds, or null for what is no time. `at` is the present, in seconds. */
export function momentOf(text: string, at: number): number | null {
  const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(text);
  if (relative) {
    const [, count, unit] = relative;
    return at - Number(count ?? 0) * UNIT_SECONDS[(unit ?? 's') as Unit];
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time / 1000;
}

export const isRelative = (text: string): boolean => text.startsWith('now');

export const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** What an <input type="datetime-local"> wants: the browser's own time, without a zone. */
export function localInput(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

export const quickRanges = [
  ['now-5m', 'Last 5 minutes'],
  ['now-15m', 'Last 15 minutes'],
  ['now-1h', 'Last hour'],
  ['now-3h', 'Last 3 hours'],
  ['now-6h', 'Last 6 hours'],
  ['now-12h', 'Last 12 hours'],
  ['now-1d', 'Last day'],
  ['now-2d', 'Last 2 days'],
  ['now-7d', 'Last 7 days'],
  ['now-30d', 'Last 30 days'],
] as const;

const shortTime = new Intl.DateTimeFormat(undefined, {
  day: '2-digit',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** "Last hour", or "23 Nov, 14:00 to 23 Nov, 15:00". */
export function rangeWords(from: string, to: string): string {
  const quick = quickRanges.find(([value]) => value === from);
  if (quick && to === 'now') return quick[1];
  const word = (text: string): string => (isRelative(text) ? text : shortTime.format(new Date(text)));
  return `${word(from)} to ${word(to)}`;
}
