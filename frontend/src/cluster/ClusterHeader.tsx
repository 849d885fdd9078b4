/** The cluster's state, since when, why, and what to do next. */
import { Link } from '@tanstack/react-router';
import { ChartLine, Clock, Waves } from 'lucide-react';

import type { Cluster } from '../api/types';
import { downWords, isStale } from '../fleet/health';
import { Chip } from '../ui/Chip';
import { cx } from '../ui/classes';
import { useDerived } from '../ui/clock';
import { looks } from '../ui/state';
import { StateBadge } from '../ui/StateBadge';
import { Ago, Since } from '../ui/Time';
import { useChanges } from '../ui/useChanges';
import { environmentWords, platformWords, typeWords } from '../ui/words';
import { CheckNow } from './CheckNow';
import { nextStep } from './nextStep';

function Figures({ cluster, stale }: { cluster: Cluster; stale: boolean }) {
  const { status } = cluster;
  return (
    <dl className={cx('flex flex-wrap gap-x-6 gap-y-1', stale && 'opacity-70')}>
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

export function ClusterHeader({ cluster }: { cluster: Cluster }) {
  const { status, enabled } = cluster;
  const stale = useDerived((at) => isStale(cluster, at));
  const changes = useChanges(status.state);
  return (
    <section
      aria-label="State"
      className={cx(
        'flex flex-col gap-3 rounded-lg border border-l-4 border-line bg-raised p-4',
        enabled ? looks[status.state].edge : 'border-l-line',
      )}
    >
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="flex min-w-0 flex-col gap-1">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <StateBadge
              key={changes}
              state={status.state}
              className={cx('rounded px-1 text-title', changes > 0 && 'flash')}
            />
            {status.state_since !== null && (
              <span className="text-muted">
                <Since time={status.state_since} />
              </span>
            )}
            {!enabled && <Chip>Disabled: not checked</Chip>}
            {enabled && status.connectivity === 'INTERMITTENT' && (
              <Chip className="text-warn">
                <Waves size={14} aria-hidden /> Intermittent
              </Chip>
            )}
          </p>
          <p className="text-muted">
            {[
              cluster.display_name !== cluster.name && cluster.display_name,
              typeWords[cluster.cluster_type],
              `${platformWords[cluster.platform]} ${cluster.platform_version}`.trim(),
              environmentWords[cluster.environment],
              cluster.region,
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <Link
            to="/explore"
            search={{ q: 'up', clusters: cluster.name }}
            className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-raised px-3 text-sm font-medium hover:bg-hover"
          >
            <ChartLine size={16} aria-hidden /> Explore
          </Link>
          {cluster.permissions.includes('operate') && enabled && <CheckNow cluster={cluster} />}
        </div>
      </div>
      <Why cluster={cluster} stale={stale} />
      <Figures cluster={cluster} stale={stale} />
    </section>
  );
}
