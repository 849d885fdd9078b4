/** Series of several clusters laid on one time axis. */
import type { Series } from './series';

type Cell = number | null | undefined;

export interface Plot {
  times: number[];
  /** null is a gap to be drawn; undefined is only another series' point in time, and is drawn over. */
  columns: Cell[][];
}

/** Steps may be rounded upstream; only what is clearly longer than one is a gap. */
const GAP_IN_STEPS = 1.5;

/** What is not finite has no place on the axis: a gap here, its own words in the tables. */
const cellOf = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

const isGap = (from: number | undefined, to: number | undefined, step: number): boolean =>
  from !== undefined && to !== undefined && to - from > step * GAP_IN_STEPS;

/** Points in time that lie within gaps: without one there, no line would be broken. */
const breaksIn = ({ times }: Series, step: number): number[] =>
  times.flatMap((time, index) => (isGap(time, times[index + 1], step) ? time + step : []));

function column(series: Series, times: readonly number[], step: number): Cell[] {
  let next = 0;
  return times.map((time) => {
    if (series.times[next] === time) {
      next += 1;
      return cellOf(series.values[next - 1]);
    }
    return isGap(series.times[next - 1], series.times[next], step) ? null : undefined;
  });
}

export function layOut(all: readonly Series[], step: number): Plot {
  const points = all.flatMap((series) => [...series.times, ...breaksIn(series, step)]);
  const times = [...new Set(points)].sort((one, other) => one - other);
  return { times, columns: all.map((series) => column(series, times, step)) };
}

export interface Extent {
  last: number | null;
  min: number | null;
  max: number | null;
}

/** NaN is passed over by min and max, infinities are not. */
export function extentOf({ values }: Series): Extent {
  const known = values.filter((value) => !Number.isNaN(value));
  return {
    last: values.at(-1) ?? null,
    min: known.length === 0 ? null : known.reduce((least, value) => Math.min(least, value)),
    max: known.length === 0 ? null : known.reduce((most, value) => Math.max(most, value)),
  };
}
