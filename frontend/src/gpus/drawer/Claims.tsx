/** Who holds the node's cards and slices, since when, and whether for nothing. */
import type { GpuClaim } from '../../api/types';
import { Panel } from '../../ui/Panel';
import { Since } from '../../ui/Time';
import { placeOf } from '../places';

function Idle({ claim }: { claim: GpuClaim }) {
  if (claim.idle_since === null) return null;
  return (
    <span className="block text-warn">
      idle <Since time={claim.idle_since} />
      {claim.holds_memory === true && ', and keeps memory'}
    </span>
  );
}

export function Claims({ claims }: { claims: readonly GpuClaim[] }) {
  if (claims.length === 0) return null;
  return (
    <Panel title="Held by">
      <ul className="divide-y divide-line">
        {claims.map((claim) => (
          <li key={`${placeOf(claim)} ${claim.namespace} ${claim.pod} ${claim.container}`} className="px-3 py-2 text-sm">
            <span className="flex flex-wrap gap-x-3">
              <span className="font-medium">{placeOf(claim)}</span>
              <span className="break-all">
                <span className="text-muted">{claim.namespace} / </span>
                {claim.pod}
              </span>
            </span>
            <span className="text-muted">
              held <Since time={claim.since} />
              {claim.holders > 1 && `, in turns with ${claim.holders - 1} more`}
            </span>
            <Idle claim={claim} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
