/** Clusters whose alerts may be old or wanting, said above what there is. */
import { TriangleAlert } from 'lucide-react';

import type { Cluster } from '../api/types';

export const silentOf = (fleet: readonly Cluster[]): Cluster[] =>
  fleet.filter(({ enabled, status }) => enabled && status.alertmanager_healthy === false);

const MOST_NAMED = 5;

function namesOf(clusters: readonly Cluster[]): string {
  const names = clusters.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = clusters.length - names.length;
  return new Intl.ListFormat('en').format(more > 0 ? [...names, `${more} more`] : names);
}

export function Missing({ fleet }: { fleet: readonly Cluster[] }) {
  const silent = silentOf(fleet);
  // The region is there before anybody is missing: what comes into it then is read out.
  return (
    <div role="status" className="empty:absolute">
      {silent.length > 0 && (
        <p className="flex items-start gap-2 rounded-lg border border-line bg-warn-tint px-3 py-2 text-sm">
          <TriangleAlert size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />
          <span>
            Alertmanager of {namesOf(silent)} does not answer: alerts of {silent.length === 1 ? 'it' : 'them'} may be old or missing.
          </span>
        </p>
      )}
    </div>
  );
}
