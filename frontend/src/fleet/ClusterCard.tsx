/** One cluster at a glance: its state, since when, what is down and why, and how fresh that is. */
import { Link } from '@tanstack/react-router';
import { CircleCheck, Clock, OctagonX, Waves } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Cluster } from '../api/types';
import { Chip } from '../ui/Chip';
import { cx } from '../ui/classes';
import { useDerived } from '../ui/clock';
import { looks } from '../ui/state';
import { StateBadge } from '../ui/StateBadge';
import { Ago, Since } from '../ui/Time';
import { useChanges } from '../ui/useChanges';
import { environmentWords, platformWords, typeWords } from '../ui/words';
import { downWords, isStale, partsOf } from './health';

function Header({ cluster }: { cluster: Cluster }) {
  const { name, display_name, status } = cluster;
  const changes = useChanges(status.state);
  return (
    <header className="flex items-start gap-2">
      <div className="min-w-0 flex-1">
        <h3 className="truncate font-semibold">
          <Link to="/clusters/$name" params={{ name }} className="after:absolute after:inset-0 after:rounded-lg">
            {display_name}
          </Link>
        </h3>
        {display_name !== name && <p className="truncate font-mono text-xs text-muted">{name}</p>}
      </div>
      <div className="text-right">
        <StateBadge key={changes} state={status.state} className={cx('rounded px-1 text-base', changes > 0 && 'flash')} />
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
  const facts = [
    typeWords[cluster.cluster_type],
    `${platformWords[cluster.platform]} ${cluster.platform_version}`.trim(),
    environmentWords[cluster.environment],
    cluster.region,
  ];
  return <p className="truncate text-sm text-muted">{facts.filter(Boolean).join(' · ')}</p>;
}

function Parts({ cluster }: { cluster: Cluster }) {
  const parts = partsOf(cluster.status).filter((part) => part.healthy !== null);
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1 text-sm" aria-label="Parts">
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

function Facts({ cluster, stale }: { cluster: Cluster; stale: boolean }) {
  const { status } = cluster;
  if (status.checked_at === null) return null;
  return (
    <dl className={cx('mt-auto flex flex-wrap gap-x-4 text-sm', stale && 'opacity-70')}>
      <Fact name="Health">{status.health_score} %</Fact>
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
      {(!enabled || status.connectivity === 'INTERMITTENT') && (
        <p className="flex gap-1">
          {!enabled && <Chip>Disabled: not checked</Chip>}
          {enabled && (
            <Chip className="text-warn">
              <Waves size={14} aria-hidden /> Intermittent
            </Chip>
          )}
        </p>
      )}
      {enabled && status.last_error && (
        <p className="text-sm break-words">
          {downWords(status) && <strong className="font-semibold">{downWords(status)}: </strong>}
          {status.last_error}
        </p>
      )}
      <Parts cluster={cluster} />
      <Facts cluster={cluster} stale={stale} />
    </article>
  );
}
