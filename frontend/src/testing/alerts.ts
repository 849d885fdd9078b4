/** A few alerts for the tests, and what a platform that holds them answers. */
import { http, HttpResponse } from 'msw';

import type { Alert, AlertDetail } from '../api/types';
import type { LiveEvent } from '../live/events';

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

export const alertOf = (alertname: string, changes: Partial<Alert> = {}): Alert => ({
  id: `id-of-${alertname}`,
  fingerprint: `print-of-${alertname}`,
  cluster_id: 'id-of-hub-frankfurt',
  cluster_name: 'hub-frankfurt',
  alertname,
  severity: 'WARNING',
  state: 'FIRING',
  namespace: 'shop',
  labels: { alertname, severity: 'warning', namespace: 'shop', pod: 'web-1' },
  annotations: { summary: `${alertname} is the matter.` },
  starts_at: minutesAgo(12),
  ends_at: null,
  ending: '',
  generator_url: '',
  receivers: ['aiops'],
  silenced: false,
  silenced_by: [],
  inhibited: false,
  inhibited_by: [],
  source: 'WEBHOOK',
  acknowledged_by: null,
  acknowledged_at: null,
  acknowledgement: '',
  taken_at: null,
  assigned_to: null,
  first_received_at: minutesAgo(12),
  last_received_at: minutesAgo(1),
  changed_at: minutesAgo(12),
  ...changes,
});

export const resolved = (alert: Alert): Alert => ({
  ...alert,
  state: 'RESOLVED',
  ends_at: new Date().toISOString(),
  ending: 'TOLD',
  changed_at: new Date().toISOString(),
});

export const detailOf = (alert: Alert, changes: Partial<AlertDetail> = {}): AlertDetail => ({
  ...alert,
  story: [],
  times: [
    { id: alert.id, state: alert.state, starts_at: alert.starts_at, ends_at: alert.ends_at, duration_seconds: null, ending: alert.ending },
  ],
  times_in_24_h: 1,
  flapping: false,
  also_in: [],
  ...changes,
});

export const alertPage = (items: Alert[], total = items.length) => {
  const count = (severity: Alert['severity']) => items.filter((alert) => alert.severity === severity).length;
  return {
    items,
    total,
    page: 1,
    page_size: 50,
    total_pages: Math.ceil(total / 50),
    by_severity: { CRITICAL: count('CRITICAL'), WARNING: count('WARNING'), INFO: count('INFO') },
    looked_back_to: null,
  };
};

export const silencePage = (items: object[], warnings: string[] = []) => ({
  items,
  total: items.length,
  page: 1,
  page_size: 50,
  total_pages: 1,
  by_state: { ACTIVE: items.length, PENDING: 0, EXPIRED: 0 },
  clusters_queried: 3,
  clusters_succeeded: 3 - warnings.length,
  warnings,
});

export const noAlerts = [
  http.get('*/api/v1/alerts', () => HttpResponse.json(alertPage([]))),
  http.get('*/api/v1/alerts/history', () => HttpResponse.json(alertPage([]))),
  http.get('*/api/v1/alerts/silences', () => HttpResponse.json(silencePage([]))),
];

let count = 1;

export function alertEvent(type: 'ALERT_FIRED' | 'ALERT_RESOLVED', alert: Alert): LiveEvent {
  count += 1;
  return {
    event_id: `${count}-9`,
    event_type: type,
    source: 'observability',
    cluster_id: alert.cluster_id,
    cluster_name: alert.cluster_name,
    timestamp: new Date().toISOString(),
    payload: { ...alert, duration_seconds: alert.ends_at === null ? null : 720 },
  };
}
