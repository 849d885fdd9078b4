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

/** A null one step after each point that has no successor in time breaks the line there. */
function withGaps(series: Series, step: number): Map<number, number | null> {
  const points = new Map<number, number | null>();
  series.times.forEach((time, index) => {
    const value = series.values[index] ?? NaN;
    // What is not finite has no place on the axis: a gap here, its own words in the tables.
    points.set(time, Number.isFinite(value) ? value : null);
    const next = series.times[index + 1];
    if (next !== undefined && next - time > step * GAP_IN_STEPS) points.set(time + step, null);
  });
  return points;
}

export function layOut(all: readonly Series[], step: number): Plot {
  const gapped = all.map((series) => withGaps(series, step));
  const times = [...new Set(gapped.flatMap((points) => [...points.keys()]))].sort((one, other) => one - other);
  return { times, columns: gapped.map((points) => times.map((time) => points.get(time))) };
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
