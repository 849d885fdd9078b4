/** The span of time that an address asks for. */
import type { Span } from '../api/metrics';
import { DEFAULT_FROM, type Explore } from './address';
import { momentOf } from './moment';
import { autoStep, MOST_POINTS, parseStep } from './step';

function momentsOf(from: string, to: string, at: number): [start: number, end: number] | string {
  const start = momentOf(from, at);
  const end = momentOf(to, at);
  if (start === null) return `"${from}" is no time. Use now-1h or an ISO time such as 2026-01-31T12:00:00Z.`;
  if (end === null) return `"${to}" is no time. Use now or an ISO time such as 2026-01-31T12:00:00Z.`;
  if (start >= end) return 'The range ends before it begins. Choose an earlier start.';
  return [start, end];
}

/** The span to ask for, or a sentence that says what is wrong with it. `at` is the present, in seconds. */
export function spanOf({ from = DEFAULT_FROM, to = 'now', step: text }: Explore, at: number): Span | string {
  const moments = momentsOf(from, to, at);
  if (typeof moments === 'string') return moments;
  const [start, end] = moments;
  if (text === undefined) return { start, end, step: autoStep(end - start) };
  const step = parseStep(text);
  if (step === null) return `"${text}" is no step. Use a duration such as 30s or 5m, or leave it empty.`;
  if ((end - start) / step > MOST_POINTS) {
    return `A step of ${text} gives more than ${MOST_POINTS.toLocaleString('en')} points a series. Choose a longer step or a shorter range.`;
  }
  return { start, end, step };
}
