/** What an event does to the clusters we know. Events may be late, doubled or lost; a snapshot may be older than an event. */
import type { Cluster, ClusterStatus } from '../api/types';
import type { ClusterView, LiveEvent } from './events';

const instant = (time: string | null): number => (time === null ? 0 : Date.parse(time));

const newerStatus = (known: ClusterStatus, told: ClusterStatus): ClusterStatus =>
  instant(told.checked_at) < instant(known.checked_at) ? known : told;

/** `told` may come from an event: one event goes to everybody, so what the asking person may do is not in it. */
function newest(known: Cluster, told: Cluster | ClusterView): Cluster {
  const record = instant(told.updated_at) < instant(known.updated_at) ? known : { ...known, ...told };
  return { ...record, status: newerStatus(known.status, told.status) };
}

/** Take the snapshot's word for what exists, and the newest word for each one's record and status. */
export function settle(known: readonly Cluster[] | undefined, snapshot: readonly Cluster[]): Cluster[] {
  const byId = new Map(known?.map((cluster) => [cluster.id, cluster]));
  return snapshot.map((told) => {
    const old = byId.get(told.id);
    return old ? newest(old, told) : told;
  });
}

function changed(cluster: Cluster, event: LiveEvent): Cluster {
  switch (event.event_type) {
    case 'CLUSTER_REGISTERED':
    case 'CLUSTER_UPDATED':
      return newest(cluster, event.payload);
    case 'CLUSTER_STATUS_CHANGED':
      return { ...cluster, status: newerStatus(cluster.status, event.payload.status) };
    case 'CLUSTER_CAPABILITIES_CHANGED':
      return { ...cluster, capabilities: event.payload.capabilities };
    default:
      return cluster;
  }
}

export const applyToCluster = (cluster: Cluster, event: LiveEvent): Cluster =>
  cluster.id === event.cluster_id ? changed(cluster, event) : cluster;

/** The clusters after `event`, or null where only a new snapshot can tell. */
export function applyToFleet(clusters: readonly Cluster[], event: LiveEvent): Cluster[] | null {
  if (event.event_type === 'CLUSTER_DELETED') return clusters.filter((cluster) => cluster.id !== event.cluster_id);
  if (!clusters.some((cluster) => cluster.id === event.cluster_id)) return null;
  return clusters.map((cluster) => applyToCluster(cluster, event));
}
