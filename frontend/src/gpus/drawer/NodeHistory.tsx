/** What the node's cards did: one figure of each over time, as a chart, a legend and a table. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { gpuHistoryQuery } from '../../api/gpus';
import type { GpuHistory, GpuNodeDetail } from '../../api/types';
import { Chart } from '../../explore/Chart';
import { DataTable } from '../../explore/DataTable';
import { Legend } from '../../explore/Legend';
import { keyOf } from '../../explore/line';
import { stepWords } from '../../explore/step';
import { Choice } from '../../ui/Choice';
import { absolute } from '../../ui/clock';
import { FailureNote } from '../../ui/Notice';
import { Panel } from '../../ui/Panel';
import { Bone } from '../../ui/Skeleton';
import { useGpus } from '../view';
import { linesOf, metricOf, metrics, secondsOf, spans } from './history';

const METRICS = Object.entries(metrics).map(([value, { words }]) => [value === 'busy' ? '' : value, words] as const);
const SPANS = spans.map(([value, words]) => [value, words] as const);

const changeWords = {
  APPEARED: 'came',
  RETURNED: 'came back',
  MOVED: 'came from another node',
  GONE: 'is gone',
  DRIVER_CHANGED: 'The driver changed',
} as const satisfies Record<GpuHistory['changes'][number]['kind'], string>;

function Changes({ changes }: { changes: GpuHistory['changes'] }) {
  if (changes.length === 0) return null;
  return (
    <ul aria-label="What came and went" className="border-t border-line px-3 py-2 text-sm">
      {changes.map(({ at, kind, uuid, name, before, after }, place) => (
        <li key={`${at} ${kind} ${place}`} className="break-words">
          {kind === 'DRIVER_CHANGED' ? `${changeWords[kind]} from ${before} to ${after}` : `${name ?? uuid ?? 'A card'} ${changeWords[kind]}`}{' '}
          <time dateTime={at} className="num text-muted">
            {absolute(at)}
          </time>
        </li>
      ))}
    </ul>
  );
}

/** nvidia-smi is asked every 30 s, and exporters are scraped every minute at the longest: less is no gap. */
const BETWEEN_READINGS_S = 60;

function Drawn({ history, metric }: { history: GpuHistory; metric: string | undefined }) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const lines = linesOf(history, metricOf(metric));
  if (lines.length === 0) return <p className="p-3 text-sm text-muted">Nothing was measured in this time.</p>;
  const span = { start: Date.parse(history.since) / 1000, end: Date.parse(history.until) / 1000, step: Math.max(history.resolution_seconds, BETWEEN_READINGS_S) };
  return (
    <>
      <div className="px-2 pt-3">
        <Chart lines={lines} hidden={hidden} span={span} onZoom={() => undefined} />
      </div>
      <Legend lines={lines} hidden={hidden} onHide={setHidden} head="Card" />
      <DataTable lines={lines.filter((line) => !hidden.has(keyOf(line)))} />
    </>
  );
}

export default function NodeHistory({ node }: { node: Pick<GpuNodeDetail, 'cluster_id' | 'node_name'> }) {
  const { view, change } = useGpus();
  const asked = useQuery(gpuHistoryQuery(node.cluster_id, node.node_name, secondsOf(view.span)));
  return (
    <Panel title="History" aside={asked.data && <span className="num">step {stepWords(asked.data.resolution_seconds)}</span>}>
      <div className="flex flex-wrap gap-2 p-2">
        <Choice label="Figure" value={view.metric} options={METRICS} onChange={(metric) => { change({ metric }, { replace: true }); }} />
        <Choice label="Time" value={view.span} options={SPANS} onChange={(span) => { change({ span }, { replace: true }); }} />
      </div>
      {asked.error && <FailureNote title="The history could not be read" error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Bone className="m-2 h-80" />}
      {asked.data && (
        <>
          <Drawn history={asked.data} metric={view.metric} />
          <Changes changes={asked.data.changes} />
        </>
      )}
    </Panel>
  );
}
