/** The line of latencies under the strip of checks. A check without an answer is a gap, not a zero. */

interface Timed {
  latency_ms: number | null;
}

export function latencyRange(checks: readonly Timed[]): { min: number; max: number } | null {
  const known = checks.flatMap(({ latency_ms }) => latency_ms ?? []);
  return known.length === 0 ? null : { min: Math.min(...known), max: Math.max(...known) };
}

export function latencyPath(checks: readonly Timed[], step: number, height: number): string {
  const range = latencyRange(checks);
  if (!range) return '';
  const scale = (height - 4) / (range.max - range.min || 1);
  let drawing = false;
  return checks
    .flatMap(({ latency_ms }, index) => {
      if (latency_ms === null) {
        drawing = false;
        return [];
      }
      const point = `${drawing ? 'L' : 'M'}${(index + 0.5) * step} ${(height - 2 - (latency_ms - range.min) * scale).toFixed(1)}`;
      drawing = true;
      return [point];
    })
    .join('');
}
