/** A small fleet: the cast of the tests. */
import type { Cluster, ClusterStatus, Me } from '../api/types';

export const me: Me = {
  id: '11111111-1111-4111-8111-111111111111',
  username: 'ada',
  display_name: 'Ada Admin',
  email: 'ada@example.test',
  is_staff: true,
  role: 'ADMIN',
  grants: [],
  version: '0.1.0',
};

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

export const statusOf = (changes: Partial<ClusterStatus> = {}): ClusterStatus => ({
  state: 'ONLINE',
  state_since: minutesAgo(120),
  health_score: 100,
  connectivity: 'CONNECTED',
  api_server_healthy: true,
  prometheus_healthy: true,
  tempo_healthy: null,
  loki_healthy: null,
  alertmanager_healthy: true,
  last_error: '',
  failure_stage: null,
  remedy: '',
  certificate_expires_at: null,
  certificate_expires_soon: false,
  checked_at: minutesAgo(0.1),
  latency_ms: 12,
  check_interval_seconds: 10,
  ...changes,
});

export const clusterOf = (name: string, changes: Partial<Cluster> = {}): Cluster => ({
  id: `id-of-${name}`,
  name,
  display_name: name,
  api_server_url: `https://api.${name}.example.test:6443`,
  cluster_type: 'SPOKE',
  platform: 'OPENSHIFT',
  platform_version: '4.18.3',
  region: 'eu-central',
  environment: 'PRODUCTION',
  status: statusOf(),
  capabilities: null,
  endpoints: {
    prometheus_url: `https://prometheus.${name}.example.test`,
    prometheus_replica_urls: [],
    alertmanager_url: `https://alertmanager.${name}.example.test`,
    tempo_url: null,
    loki_url: null,
    korrel8r_url: null,
  },
  labels: { team: 'red' },
  credentials: null,
  enabled: true,
  permissions: ['view', 'operate', 'admin'],
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  last_seen_at: minutesAgo(0.1),
  ...changes,
});

export const hub = clusterOf('hub-frankfurt', { display_name: 'Hub Frankfurt', cluster_type: 'HUB' });
export const oregon = clusterOf('gpu-oregon', {
  status: statusOf({ state: 'DEGRADED', health_score: 80, prometheus_healthy: false, last_error: 'Prometheus answers 503.' }),
});
export const tokyo = clusterOf('edge-tokyo', {
  cluster_type: 'FAR_EDGE',
  platform: 'MICROSHIFT',
  region: 'ap-northeast',
  status: statusOf({
    state: 'OFFLINE',
    health_score: 30,
    connectivity: 'DISCONNECTED',
    api_server_healthy: false,
    prometheus_healthy: false,
    last_error: 'edge-tokyo does not answer on 6443: connection refused.',
    latency_ms: null,
  }),
});

export const fleet: Cluster[] = [hub, oregon, tokyo];
