/** The answer to an instant question: a row for each value, as Prometheus wrote it. */
import type { MetricsAnswer } from '../api/types';
import { absolute } from '../ui/clock';
import { CopyButton } from '../ui/Notice';
import { Panel } from '../ui/Panel';
import { counted } from '../ui/words';
import { SharedLabels } from './LabelSet';
import { NoData } from './NoData';
import { commonLabels, histogramsIn, labelText, rowsOf } from './series';

const MOST_ROWS = 1000;

export function InstantResult({ answer }: { answer: MetricsAnswer }) {
  const rows = rowsOf(answer.results);
  const histograms = histogramsIn(answer.results);
  if (rows.length === 0) return <NoData histograms={histograms} />;
  const shared = commonLabels(rows);
  const [first] = rows;
  return (
    <Panel
      title={counted(rows.length, 'value')}
      aside={
        <span className="num">
          {first && `at ${absolute(first.time * 1000)}`}
          {rows.length > MOST_ROWS && `; the first ${MOST_ROWS} are shown, aggregate to see all`}
          {histograms > 0 && `; ${counted(histograms, 'native histogram is', 'native histograms are')} left out`}
        </span>
      }
    >
      <div className="pt-2">
        <SharedLabels labels={shared} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table has to be reachable by keyboard */}
      <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label="Values">
        <table className="w-full text-sm">
          <thead>
            <tr className="text-left text-xs text-muted">
              <th className="px-3 py-1.5 font-medium">Cluster</th>
              <th className="px-3 py-1.5 font-medium">Series</th>
              <th className="px-3 py-1.5 text-right font-medium">Value</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row, index) => (
              <tr key={index} className="border-t border-line align-top">
                <td className="px-3 py-1.5 whitespace-nowrap">{row.cluster}</td>
                <td className="px-3 py-1.5">
                  <span className="flex items-center gap-1">
                    <code className="font-mono text-xs break-all">{labelText(row.labels, shared)}</code>
                    <CopyButton text={labelText(row.labels)} what="series" />
                  </span>
                </td>
                <td className="num px-3 py-1.5 text-right font-medium whitespace-nowrap">{row.value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
