/** A fake platform at the wire: what the API answers unless a test says otherwise. */
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';

import { noAlerts } from './alerts';
import { fleet, me } from './fixtures';

export const page = <Item>(items: Item[]) => ({ items, total: items.length, page: 1, page_size: 100, total_pages: 1 });

export const problem = (status: number, code: string, message: string) =>
  HttpResponse.json(
    { error: { code, message, details: {}, trace_id: 'trace-1', timestamp: '2026-01-31T12:00:00Z' } },
    { status },
  );

export const summaryOf = (clusters = fleet) => ({
  total_clusters: clusters.length,
  by_state: clusters.reduce<Record<string, number>>(
    (counts, { status }) => ({ ...counts, [status.state]: (counts[status.state] ?? 0) + 1 }),
    { ONLINE: 0, DEGRADED: 0, OFFLINE: 0, UNKNOWN: 0, PROVISIONING: 0 },
  ),
  by_type: {},
  by_environment: {},
  total_gpu_count: 0,
  clusters_with_cnf: 0,
  avg_health_score: 83.3,
});

export const server = setupServer(
  http.get('*/api/v1/me', () => HttpResponse.json(me)),
  http.get('*/api/v1/clusters', () => HttpResponse.json(page(fleet))),
  http.get('*/api/v1/clusters/by-name/:name', ({ params }) => {
    const found = fleet.find((cluster) => cluster.name === params.name);
    return found ? HttpResponse.json(found) : problem(404, 'CLUSTER_NOT_FOUND', 'There is no such cluster.');
  }),
  http.get('*/api/v1/clusters/:id/health-history', () => HttpResponse.json(page([]))),
  http.get('*/api/v1/fleet/summary', () => HttpResponse.json(summaryOf())),
  ...noAlerts,
);
