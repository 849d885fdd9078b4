/** Cards and slices that are held and do nothing, the most hours first: whose they are, where, and since when. */
import { Link } from '@tanstack/react-router';

import type { GpuWaste } from '../api/types';
import { Since } from '../ui/Time';
import { hours, money } from './figures';
import { placeOf } from './places';
import { addressOf, changed, useGpus } from './view';

type Hold = GpuWaste['idle'][number];

function Row({ hold, currency }: { hold: Hold; currency: string | null }) {
  const { view } = useGpus();
  return (
    <li data-node={hold.node_name} aria-current={view.node === addressOf(hold) ? 'true' : undefined} className="flex flex-wrap items-start gap-x-4 gap-y-0.5 px-3 py-2 text-sm">
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-medium break-all">
          {hold.owner || hold.pod}
          <span className="font-normal text-muted"> in {hold.namespace}</span>
        </p>
        <p className="break-all text-muted">{hold.pod}</p>
        <p>
          {placeOf(hold)} of{' '}
          <Link to="/gpus" search={(old) => changed(old, { node: addressOf(hold) })} resetScroll={false} preload={false} className="text-accent underline">
            {hold.node_name}
          </Link>
          <span className="text-muted"> in {hold.cluster_name}</span>
        </p>
      </div>
      <div className="text-right max-sm:text-left">
        <p className="num font-semibold">
          {hours(hold.idle_gpu_hours)} GPU-hours{hold.idle_cost !== null && `, ${money(hold.idle_cost, currency)}`}
        </p>
        {hold.idle_since !== null && (
          <p className="text-muted">
            idle <Since time={hold.idle_since} />
          </p>
        )}
        {hold.holds_memory === true && <p className="text-muted">keeps memory</p>}
        {hold.holders > 1 && <p className="text-muted">shared by {hold.holders} pods</p>}
        {hold.stale && <p className="text-warn">its node is not read any more</p>}
      </div>
    </li>
  );
}

export function Idle({ waste }: { waste: GpuWaste }) {
  if (waste.idle.length === 0) return <p className="p-3 text-sm text-muted">Nothing: what is held is in use.</p>;
  return (
    <>
      <ul aria-label="Held for nothing" className="max-h-160 divide-y divide-line overflow-y-auto">
        {waste.idle.map((hold) => (
          <Row key={`${hold.cluster_id} ${hold.node_name} ${placeOf(hold)} ${hold.pod} ${hold.container}`} hold={hold} currency={waste.currency} />
        ))}
      </ul>
      {waste.idle_holds > waste.idle.length && (
        <p className="border-t border-line p-2 text-sm text-muted">
          The first {waste.idle.length} of {waste.idle_holds.toLocaleString('en')}.
        </p>
      )}
    </>
  );
}
