/** What is written down about the cluster: its labels, its ids and its dates. */
import type { ReactNode } from 'react';

import type { Cluster } from '../api/types';
import { CopyButton } from '../ui/Notice';
import { Panel } from '../ui/Panel';
import { Ago } from '../ui/Time';

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-h-8 items-center gap-3 px-3 py-1 text-sm">
      <dt className="w-28 shrink-0 text-muted">{name}</dt>
      <dd className="flex min-w-0 flex-1 items-center gap-1 break-words">{children}</dd>
    </div>
  );
}

function Labels({ labels }: { labels: Cluster['labels'] }) {
  const pairs = Object.entries(labels);
  if (pairs.length === 0) return <span className="text-muted">none</span>;
  return (
    <ul className="flex flex-wrap gap-1">
      {pairs.map(([key, value]) => (
        <li key={key} className="rounded border border-line px-1.5 font-mono text-xs break-all">
          {key}={value}
        </li>
      ))}
    </ul>
  );
}

export function ClusterRecord({ cluster }: { cluster: Cluster }) {
  return (
    <Panel title="Record">
      <dl className="py-1">
        <Row name="Labels">
          <Labels labels={cluster.labels} />
        </Row>
        <Row name="Checked every">
          <span className="num">{cluster.status.check_interval_seconds} s</span>
        </Row>
        <Row name="Last answer">{cluster.last_seen_at === null ? 'never' : <Ago time={cluster.last_seen_at} />}</Row>
        <Row name="Registered">
          <Ago time={cluster.created_at} />
        </Row>
        <Row name="Id">
          <code className="font-mono text-xs break-all">{cluster.id}</code>
          <CopyButton text={cluster.id} what="id" />
        </Row>
      </dl>
    </Panel>
  );
}
