/** The cluster's state, since when, why, and what to do next. */
import { Link } from '@tanstack/react-router';
import { ChartLine, Clock, Gpu } from 'lucide-react';

import type { Cluster } from '../api/types';
import { downWords, isStale } from '../fleet/health';
import { Remarks } from '../fleet/Remarks';
import { cx } from '../ui/classes';
import { useDerived } from '../ui/clock';
import { looks } from '../ui/state';
import { StateBadge } from '../ui/StateBadge';
import { Ago, Since } from '../ui/Time';
import { useChanges } from '../ui/useChanges';
import { kindOf } from '../ui/words';
import { CheckNow } from './CheckNow';
import { nextStep } from './nextStep';

function Figures({ cluster, stale }: { cluster: Cluster; stale: boolean }) {
  const { status } = cluster;
  return (
    <dl className={cx('flex flex-wrap gap-x-6 gap-y-1', stale && 'text-muted')}>
      <div>
        <dt className="text-xs text-muted">Health score</dt>
        <dd className="num text-title font-semibold">{status.checked_at === null ? '–' : `${status.health_score} %`}</dd>
      </div>
      <div>
        <dt className="text-xs text-muted">Latency</dt>
        <dd className="num text-title font-semibold">
          {status.latency_ms === null ? '–' : `${Math.round(status.latency_ms)} ms`}
        </dd>
      </div>
      <div>
        <dt className={cx('flex items-center gap-1 text-xs', stale ? 'text-warn' : 'text-muted')}>
          {stale && <Clock size={14} aria-hidden />}
          {stale ? 'Stale, last checked' : 'Last checked'}
        </dt>
        <dd className="text-title font-semibold">
          {status.checked_at === null ? 'never' : <Ago time={status.checked_at} />}
        </dd>
      </div>
    </dl>
  );
}

function Why({ cluster, stale }: { cluster: Cluster; stale: boolean }) {
  const down = downWords(cluster.status);
  const step = nextStep(cluster, stale);
  return (
    <div className="flex flex-col gap-1">
      {cluster.enabled && cluster.status.last_error && (
        <p className="break-words">
          {down && <strong className="font-semibold">{down}: </strong>}
          {cluster.status.last_error}
        </p>
      )}
      {step && (
        <p className="text-sm">
          <span className="font-medium">Next step: </span>
          {step}
        </p>
      )}
    </div>
  );
}

function Standing({ cluster }: { cluster: Cluster }) {
  const { status, enabled } = cluster;
  const changes = useChanges(status.state);
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <StateBadge
        key={changes}
        state={status.state}
        className={cx('rounded px-1 text-title', changes > 0 && 'flash', !enabled && 'text-muted')}
      />
      {status.state_since !== null && (
        <span className="text-muted">
          <Since time={status.state_since} />
        </span>
      )}
      <Remarks cluster={cluster} />
    </p>
  );
}

function Kind({ cluster }: { cluster: Cluster }) {
  const { name, display_name } = cluster;
  return <p className="text-muted">{[display_name !== name && display_name, ...kindOf(cluster)].filter(Boolean).join(' · ')}</p>;
}

function Doors({ cluster }: { cluster: Cluster }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Link
        to="/explore"
        search={{ q: 'up', clusters: cluster.name }}
        className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-raised px-3 text-sm font-medium hover:bg-hover"
      >
        <ChartLine size={16} aria-hidden /> Explore
      </Link>
      {cluster.capabilities?.has_gpu_nodes === true && (
        <Link
          to="/gpus"
          search={{ cluster: cluster.name }}
          className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-raised px-3 text-sm font-medium hover:bg-hover"
        >
          <Gpu size={16} aria-hidden /> GPUs
        </Link>
      )}
      {cluster.permissions.includes('operate') && cluster.enabled && <CheckNow cluster={cluster} />}
    </div>
  );
}

export function ClusterHeader({ cluster }: { cluster: Cluster }) {
  const stale = useDerived((at) => isStale(cluster, at));
  return (
    <section
      aria-label="State"
      className={cx(
        'flex flex-col gap-3 rounded-lg border border-l-4 border-line bg-raised p-4',
        cluster.enabled ? looks[cluster.status.state].edge : 'border-l-line',
      )}
    >
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="flex min-w-0 flex-col gap-1">
          <Standing cluster={cluster} />
          <Kind cluster={cluster} />
        </div>
        <Doors cluster={cluster} />
      </div>
      <Why cluster={cluster} stale={stale} />
      <Figures cluster={cluster} stale={stale} />
    </section>
  );
}
