/** Which clusters are asked for: what the address says, and who fits. */
import type { Cluster, ClusterState } from '../api/types';
import { states } from '../ui/state';
import { environmentWords, platformWords, typeWords } from '../ui/words';

export interface Filter {
  q?: string;
  state?: ClusterState;
}

export function readFilter(search: Record<string, unknown>): Filter {
  const state = states.find((known) => known === search.state);
  return {
    ...(typeof search.q === 'string' && search.q !== '' && { q: search.q }),
    ...(state && { state }),
  };
}

function words(cluster: Cluster): string {
  return [
    cluster.name,
    cluster.display_name,
    cluster.region,
    typeWords[cluster.cluster_type],
    platformWords[cluster.platform],
    environmentWords[cluster.environment],
    ...Object.entries(cluster.labels).map(([key, value]) => `${key}=${value}`),
  ]
    .join(' ')
    .toLowerCase();
}

/** Every word of the search must be somewhere in the cluster's own words. */
export function fits(cluster: Cluster, { q = '', state }: Filter): boolean {
  if (state && cluster.status.state !== state) return false;
  const text = words(cluster);
  return q.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
