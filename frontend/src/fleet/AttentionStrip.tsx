/** What needs attention, worst first; one line where nothing does. */
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleDashed, Clock } from 'lucide-react';

import type { Cluster } from '../api/types';
import { now, useDerived } from '../ui/clock';
import { StateBadge } from '../ui/StateBadge';
import { Since } from '../ui/Time';
import { counted } from '../ui/words';
import { isStale, needsAttention, reasonOf, wellSince, worstFirst } from './health';

function AllWell({ clusters }: { clusters: readonly Cluster[] }) {
  const enabled = clusters.filter((cluster) => cluster.enabled);
  const online = enabled.filter((cluster) => cluster.status.state === 'ONLINE');
  const since = wellSince(online);
  const waiting = enabled.length - online.length;
  const Icon = waiting > 0 ? CircleDashed : CircleCheck;
  return (
    <p role="status" className="flex items-center gap-2 rounded-lg border border-line bg-raised px-3 py-2">
      <Icon size={16} className={waiting > 0 ? 'text-idle' : 'text-ok'} aria-hidden />
      <span>
        {waiting > 0
          ? `Nothing needs attention; ${counted(waiting, 'cluster waits', 'clusters wait')} for a first check.`
          : `All is well: ${counted(online.length, 'cluster')} online `}
        {waiting === 0 && since !== null && <Since time={since} />}
      </span>
    </p>
  );
}

function Row({ cluster }: { cluster: Cluster }) {
  const { name, display_name, status } = cluster;
  const stale = isStale(cluster, now());
  return (
    <li className="relative flex flex-wrap items-baseline gap-x-3 px-3 py-1.5 hover:bg-hover">
      <StateBadge state={status.state} className="w-28 self-center" />
      <Link to="/clusters/$name" params={{ name }} className="truncate font-semibold after:absolute after:inset-0 sm:w-44">
        {display_name}
      </Link>
      <span className="min-w-60 flex-1 break-words max-sm:basis-full">
        {stale && <Clock size={14} className="mr-1 inline text-warn" aria-hidden />}
        {reasonOf(cluster, now())}
      </span>
      {status.state_since !== null && (
        <span className="text-sm text-muted">
          <Since time={status.state_since} />
        </span>
      )}
    </li>
  );
}

export function AttentionStrip({ clusters }: { clusters: readonly Cluster[] }) {
  // A count is cheap to derive each second; the list is worked out anew only when it changes.
  const count = useDerived((at) => clusters.filter((cluster) => needsAttention(cluster, at)).length);
  if (count === 0) return <AllWell clusters={clusters} />;
  const troubled = worstFirst(clusters.filter((cluster) => needsAttention(cluster, now())));
  return (
    <section aria-labelledby="attention" className="overflow-hidden rounded-lg border border-line bg-raised">
      <h2 id="attention" className="border-b border-line px-3 py-2 font-semibold">
        <span role="status">{counted(count, 'cluster needs', 'clusters need')} attention</span>
      </h2>
      <ul className="relative max-h-64 divide-y divide-line overflow-y-auto">
        {troubled.map((cluster) => (
          <Row key={cluster.id} cluster={cluster} />
        ))}
      </ul>
    </section>
  );
}
