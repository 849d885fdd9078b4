/** One line of a chart: its series, its words and its colour. */
import type { Ink } from './colours';
import { labelText, type Series } from './series';

export interface Line {
  series: Series;
  text: string;
  ink: Ink;
}

/** What tells a line from all others, whatever order they come in. */
export const keyOf = ({ series }: Line): string => `${series.cluster} ${labelText(series.labels)}`;
