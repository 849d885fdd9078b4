/** What the numbers of a cluster's status mean to the person in front of them. */
import type { Cluster, ClusterStatus } from '../api/types';
import { states } from '../ui/state';

/** A check that changes nothing sends no event, so an age is known only to the length of one poll. */
const POLL_SLACK_MS = 30_000;
const INTERVALS_UNTIL_STALE = 3;

export function isStale(cluster: Cluster, now: number): boolean {
  const { checked_at, check_interval_seconds } = cluster.status;
  if (!cluster.enabled || checked_at === null) return false;
  const allowed = INTERVALS_UNTIL_STALE * check_interval_seconds * 1000 + POLL_SLACK_MS;
  return now - Date.parse(checked_at) > allowed;
}

type Healthy = Pick<
  ClusterStatus,
  'api_server_healthy' | 'prometheus_healthy' | 'tempo_healthy' | 'loki_healthy' | 'alertmanager_healthy'
>;

const partNames = {
  api_server_healthy: 'API server',
  prometheus_healthy: 'Prometheus',
  alertmanager_healthy: 'Alertmanager',
  loki_healthy: 'Loki',
  tempo_healthy: 'Tempo',
} as const satisfies Record<keyof Healthy, string>;

export interface Part {
  key: keyof Healthy;
  name: string;
  /** null: not configured, or not checked yet. */
  healthy: boolean | null;
}

export const partsOf = (status: Healthy): Part[] =>
  (Object.keys(partNames) as (keyof Healthy)[]).map((key) => ({ key, name: partNames[key], healthy: status[key] }));

export const partsDown = (status: Healthy): string[] =>
  partsOf(status)
    .filter((part) => part.healthy === false)
    .map((part) => part.name);

/** "API server down", "Prometheus and Loki down". */
export function downWords(status: Healthy): string {
  const down = partsDown(status);
  return down.length === 0 ? '' : `${new Intl.ListFormat('en').format(down)} down`;
}

const rank = (cluster: Cluster): number => (cluster.enabled ? states.indexOf(cluster.status.state) : states.length);

export const worstFirst = (clusters: readonly Cluster[]): Cluster[] =>
  clusters.toSorted(
    (one, other) =>
      rank(one) - rank(other) ||
      one.status.health_score - other.status.health_score ||
      one.name.localeCompare(other.name),
  );

export function needsAttention(cluster: Cluster, now: number): boolean {
  const { state, connectivity, last_error } = cluster.status;
  if (!cluster.enabled) return false;
  // Unknown with an error: we could not check it, and nobody knows how it is.
  const unchecked = state === 'UNKNOWN' && last_error !== '';
  return unchecked || state === 'OFFLINE' || state === 'DEGRADED' || connectivity === 'INTERMITTENT' || isStale(cluster, now);
}

/** Why a cluster needs attention, in one line. */
export function reasonOf(cluster: Cluster, now: number): string {
  const { status } = cluster;
  const stale = isStale(cluster, now);
  if (status.last_error) return stale ? `${status.last_error} (not checked any more)` : status.last_error;
  if (stale) return 'Not checked any more. Look whether the worker and beat run.';
  if (status.connectivity === 'INTERMITTENT') return 'Its state has changed three times or more in the last ten checks.';
  return downWords(status);
}

/** Since when all is well: the last time that a cluster changed its state. */
export function wellSince(clusters: readonly Cluster[]): string | null {
  const times = clusters.flatMap(({ status }) => status.state_since ?? []);
  return times.toSorted().at(-1) ?? null;
}
