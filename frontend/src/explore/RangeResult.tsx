/** The answer over a range: a chart, its legend as a table, and its data as a table for those who do not see it. */
import { useState } from 'react';

import type { Span } from '../api/metrics';
import type { Cluster, MetricsAnswer } from '../api/types';
import { Button } from '../ui/Button';
import { Panel } from '../ui/Panel';
import { counted } from '../ui/words';
import { Chart } from './Chart';
import { inksFor, slotsFor } from './colours';
import { DataTable } from './DataTable';
import { SharedLabels } from './LabelSet';
import { Legend } from './Legend';
import { keyOf, type Line } from './line';
import { isoOf } from './moment';
import { NoData } from './NoData';
import { commonLabels, histogramsIn, labelText, seriesOf } from './series';
import { stepWords } from './step';

/** More lines than this tell nothing and cost seconds; the rest is one click away. */
const DRAWN_AT_FIRST = 100;

interface RangeResultProps {
  answer: MetricsAnswer;
  span: Span;
  fleet: readonly Cluster[];
  onZoom: (from: string, to: string) => void;
}

function linesOf(answer: MetricsAnswer, fleet: readonly Cluster[]) {
  const all = seriesOf(answer.results);
  const shared = commonLabels(all);
  const inks = inksFor(
    all.map((series) => series.cluster),
    slotsFor(fleet.map((cluster) => cluster.name)),
  );
  const lines = all.map((series, index): Line => ({
    series,
    text: labelText(series.labels, shared),
    ink: inks[index] ?? { slot: 0, shade: 0 },
  }));
  return { lines, shared };
}

export function RangeResult({ answer, span, fleet, onZoom }: RangeResultProps) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const { lines, shared } = linesOf(answer, fleet);
  const histograms = histogramsIn(answer.results);
  if (lines.length === 0) return <NoData histograms={histograms} />;
  const drawn = all ? lines : lines.slice(0, DRAWN_AT_FIRST);
  return (
    <Panel
      title={counted(lines.length, 'series', 'series')}
      aside={
        <span className="num">
          step {stepWords(span.step)}
          {drawn.length < lines.length && `; the first ${drawn.length} are drawn`}
          {histograms > 0 && `; ${counted(histograms, 'native histogram is', 'native histograms are')} left out`}
        </span>
      }
    >
      <div className="px-2 pt-3">
        <Chart
          lines={drawn}
          hidden={hidden}
          span={span}
          onZoom={(start, end) => {
            onZoom(isoOf(start), isoOf(end));
          }}
        />
      </div>
      <SharedLabels labels={shared} />
      <Legend lines={drawn} hidden={hidden} onHide={setHidden} />
      {drawn.length < lines.length && (
        <div className="border-t border-line p-2">
          <Button
            tone="quiet"
            size="small"
            onClick={() => {
              setAll(true);
            }}
          >
            Draw all {lines.length.toLocaleString('en')} series
          </Button>
        </div>
      )}
      <DataTable lines={drawn.filter((line) => !hidden.has(keyOf(line)))} />
    </Panel>
  );
}
