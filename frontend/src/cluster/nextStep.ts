/** What to do about a cluster that is not well, in one sentence. */
import type { Cluster } from '../api/types';
import { partsDown } from '../fleet/health';

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

export function nextStep(cluster: Cluster, stale: boolean): string {
  const { status } = cluster;
  if (!cluster.enabled) return 'Enable the cluster to have it checked again.';
  if (stale) return 'Look whether the worker and beat of this platform run; nothing has been checked for a while.';
  if (status.state === 'OFFLINE') {
    return `Check that the API server answers on ${host(cluster.api_server_url)}, the firewall between, and the stored credentials.`;
  }
  if (status.state === 'DEGRADED') {
    const down = new Intl.ListFormat('en').format(partsDown(status));
    return `The API server answers; look at the pods of ${down || 'the failing part'} in the cluster, and at the address in Endpoints.`;
  }
  // Something on our own side kept us from checking, or nothing was checked yet.
  if (status.state === 'UNKNOWN') return status.remedy || 'Wait for the first check, or check now.';
  return '';
}
