/** One cluster at a glance: its state, since when, what is down and why, and how fresh that is. */
import { Link } from '@tanstack/react-router';
import { CircleCheck, Clock, OctagonX } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Cluster } from '../api/types';
import { cx } from '../ui/classes';
import { useDerived } from '../ui/clock';
import { looks } from '../ui/state';
import { StateBadge } from '../ui/StateBadge';
import { Ago, Since } from '../ui/Time';
import { useChanges } from '../ui/useChanges';
import { kindOf } from '../ui/words';
import { downWords, isStale, partsOf } from './health';
import { Remarks } from './Remarks';

function Header({ cluster }: { cluster: Cluster }) {
  const { name, display_name, status, enabled } = cluster;
  const changes = useChanges(status.state);
  return (
    <header className="flex items-start gap-2">
      <div className="min-w-0 flex-1">
        <h2 className="truncate font-semibold">
          <Link to="/clusters/$name" params={{ name }} className="after:absolute after:inset-0 after:rounded-lg">
            {display_name}
          </Link>
        </h2>
        {display_name !== name && <p className="truncate font-mono text-xs text-muted">{name}</p>}
      </div>
      <div className="text-right">
        <StateBadge key={changes} state={status.state} className={cx('rounded px-1 text-base', changes > 0 && 'flash', !enabled && 'text-muted')} />
        {status.state_since !== null && (
          <p className="text-xs text-muted">
            <Since time={status.state_since} />
          </p>
        )}
      </div>
    </header>
  );
}

function Kind({ cluster }: { cluster: Cluster }) {
  return <p className="truncate text-sm text-muted">{kindOf(cluster).join(' · ')}</p>;
}

function Why({ cluster }: { cluster: Cluster }) {
  const { last_error } = cluster.status;
  const down = downWords(cluster.status);
  if (!cluster.enabled || !last_error) return null;
  return (
    <p className="text-sm break-words">
      {down && <strong className="font-semibold">{down}: </strong>}
      {last_error}
    </p>
  );
}

function Parts({ cluster, old }: { cluster: Cluster; old: boolean }) {
  const parts = partsOf(cluster.status).filter((part) => part.healthy !== null);
  return (
    <ul className={cx('flex flex-wrap gap-x-3 gap-y-1 text-sm', old && 'grayscale')} aria-label="Parts">
      {parts.map(({ key, name, healthy }) => (
        <li key={key} className={cx('flex items-center gap-1', healthy ? 'text-muted' : 'font-medium text-bad')}>
          {healthy ? (
            <CircleCheck size={14} className="text-ok" aria-hidden />
          ) : (
            <OctagonX size={14} className="text-bad" aria-hidden />
          )}
          {name}
          <span className="sr-only">{healthy ? 'up' : 'down'}</span>
        </li>
      ))}
    </ul>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-1">
      <dt className="text-muted">{name}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}

function Discovered({ cluster: { capabilities } }: { cluster: Cluster }) {
  if (capabilities === null) return null;
  const { kubernetes_version, node_count } = capabilities;
  return (
    <>
      {kubernetes_version !== null && <Fact name="Kubernetes">{kubernetes_version}</Fact>}
      {node_count !== null && <Fact name="Nodes">{node_count}</Fact>}
    </>
  );
}

function Facts({ cluster, stale }: { cluster: Cluster; stale: boolean }) {
  const { status } = cluster;
  if (status.checked_at === null) return null;
  return (
    <dl className={cx('mt-auto flex flex-wrap gap-x-4 text-sm', stale && 'text-muted')}>
      <Fact name="Health">{status.health_score} %</Fact>
      <Discovered cluster={cluster} />
      {status.latency_ms !== null && <Fact name="Latency">{Math.round(status.latency_ms)} ms</Fact>}
      <div className="ml-auto flex items-center gap-1">
        {stale && <Clock size={14} className="text-warn" aria-hidden />}
        <dt className={stale ? 'text-warn' : 'text-muted'}>{stale ? 'Stale, checked' : 'Checked'}</dt>
        <dd className="num">
          <Ago time={status.checked_at} />
        </dd>
      </div>
    </dl>
  );
}

export function ClusterCard({ cluster }: { cluster: Cluster }) {
  const { status, enabled } = cluster;
  const stale = useDerived((at) => isStale(cluster, at));
  return (
    <article
      data-cluster={cluster.name}
      data-state={status.state}
      className={cx(
        'relative flex h-full flex-col gap-2 rounded-lg border border-l-4 border-line bg-raised p-3 hover:border-line-strong',
        enabled ? looks[status.state].edge : 'border-l-line',
        stale && 'border-dashed bg-canvas',
      )}
    >
      <Header cluster={cluster} />
      <Kind cluster={cluster} />
      <div className="empty:hidden">
        <Remarks cluster={cluster} />
      </div>
      <Why cluster={cluster} />
      <Parts cluster={cluster} old={stale || !enabled} />
      <Facts cluster={cluster} stale={stale} />
    </article>
  );
}
