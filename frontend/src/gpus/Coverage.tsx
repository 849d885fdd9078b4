/** Clusters whose GPUs are not told of, or not in full: why, and what to do about it. */
import { Clock, TriangleAlert } from 'lucide-react';

import type { GpuSummary } from '../api/types';
import { CopyButton } from '../ui/Notice';
import { Ago } from '../ui/Time';
import { counted } from '../ui/words';

type Told = GpuSummary['by_cluster'][number];

function Standing({ told }: { told: Told }) {
  if (told.coverage === 'SILENT') {
    return told.gpus_in_kubernetes === null
      ? 'has GPUs, and nobody tells of them.'
      : `has ${counted(told.gpus_in_kubernetes, 'GPU')} by Kubernetes, and nobody tells of them.`;
  }
  if (told.coverage === 'UNKNOWN') return 'does not say whether it has GPUs.';
  if (told.coverage === 'READ') return 'is not read in full.';
  return (
    <>
      is not read any more{told.last_updated !== null && <>, last <Ago time={told.last_updated} /></>}: what is shown of it is old.
    </>
  );
}

function Wanting({ told }: { told: Told }) {
  return (
    <details className="text-sm">
      <summary className="cursor-pointer">
        {told.cluster_name}: {counted(told.missing_metrics.length, 'series is', 'series are')} not exported
      </summary>
      <p className="pt-1 text-muted">Add to the table of the DCGM exporter:</p>
      <ul className="flex flex-col gap-1 py-1">
        {told.missing_metrics.map(({ metric, words, csv_line }) => (
          <li key={metric}>
            <span>{words}</span>
            <span className="flex items-start gap-1">
              <code className="min-w-0 flex-1 font-mono text-xs break-all">{csv_line}</code>
              <CopyButton text={csv_line} what={`line of ${metric}`} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Troubled({ told }: { told: Told }) {
  const Icon = told.coverage === 'STALE' ? Clock : TriangleAlert;
  return (
    <li className="flex items-start gap-2">
      <Icon size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />
      <span className="min-w-0 break-words">
        <strong className="font-semibold">{told.cluster_name}</strong> <Standing told={told} /> {told.problem}
      </span>
    </li>
  );
}

export function Coverage({ clusters }: { clusters: readonly Told[] }) {
  const troubled = clusters.filter(({ coverage, problem }) => coverage !== 'READ' || problem !== '');
  const wanting = clusters.filter(({ missing_metrics }) => missing_metrics.length > 0);
  // The region is there before anything is wanting: what comes into it then is read out.
  return (
    <>
      <div role="status" className="empty:absolute">
        {troubled.length > 0 && (
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling list has to be reachable by keyboard
          <ul aria-label="Clusters that are not read" tabIndex={0} className="flex max-h-40 flex-col gap-1 overflow-y-auto rounded-lg border border-line bg-warn-tint px-3 py-2 text-sm">
            {troubled.map((told) => (
              <Troubled key={told.cluster_id} told={told} />
            ))}
          </ul>
        )}
      </div>
      {wanting.map((told) => (
        <Wanting key={told.cluster_id} told={told} />
      ))}
    </>
  );
}
