/** The distance between two points of a range query, in seconds. */

const UNIT_SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
/** Prometheus refuses more points than this in one series. */
export const MOST_POINTS = 11_000;
const POINTS_WANTED = 240;
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

export const autoStep = (seconds: number): number =>
  STEPS.find((step) => seconds / step <= POINTS_WANTED) ?? Math.ceil(seconds / POINTS_WANTED);

/** "30s", "1m", "1.5h" or plain seconds; null for anything else. */
export function parseStep(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (!match) return null;
  const seconds = Number(match[1]) * UNIT_SECONDS[(match[2] ?? 's') as keyof typeof UNIT_SECONDS];
  return seconds > 0 ? seconds : null;
}

export function stepWords(seconds: number): string {
  const [unit, size] = Object.entries(UNIT_SECONDS)
    .toReversed()
    .find(([, each]) => seconds >= each && seconds % each === 0) ?? ['s', 1];
  return `${seconds / size} ${unit === 'm' ? 'min' : unit}`;
}
