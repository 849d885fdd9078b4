import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import type { AlertDetail, Cluster } from '../../api/types';
import { alertOf, alertPage, detailOf, silencePage } from '../../testing/alerts';
import { clusterOf, fleet, hub, me, statusOf, tokyo } from '../../testing/fixtures';
import { openClient } from '../../testing/harness';
import { page, problem, server } from '../../testing/server';

const disk = alertOf('DiskFull', {
  severity: 'CRITICAL',
  annotations: { summary: '<b>full</b>, see javascript:alert(1) or https://wiki.test/disk.', runbook_url: 'javascript:alert(1)' },
  generator_url: 'https://prometheus.test/graph',
});

/** A platform with one alert, which tells what was done to it. */
function holding(changes: Partial<AlertDetail> = {}, clusters: Cluster[] = fleet) {
  const held = { alert: detailOf(disk, changes), done: [] as unknown[] };
  const note = (change: Partial<AlertDetail>) => async ({ request }: { request: Request }) => {
    held.done.push(request.method === 'DELETE' ? 'released' : await request.json());
    held.alert = { ...held.alert, ...change };
    return HttpResponse.json(held.alert);
  };
  server.use(
    http.get('*/api/v1/clusters', () => HttpResponse.json(page(clusters))),
    http.get('*/api/v1/alerts', () => HttpResponse.json(alertPage([held.alert]))),
    http.get('*/api/v1/alerts/print-of-DiskFull', () => HttpResponse.json(held.alert)),
    http.post('*/api/v1/alerts/:id/acknowledge', note({ acknowledged_by: 'ada', acknowledged_at: new Date().toISOString(), acknowledgement: 'on it' })),
    http.delete('*/api/v1/alerts/:id/acknowledge', note({ acknowledged_by: null, acknowledged_at: null })),
    http.put('*/api/v1/alerts/:id/assignee', note({ assigned_to: me.username })),
    http.post('*/api/v1/alerts/:id/comments', note({ story: [{ at: new Date().toISOString(), author: 'ada', deed: 'COMMENTED', text: 'looking' }] })),
  );
  return held;
}

const OPEN = '/alerts?alert=hub-frankfurt/print-of-DiskFull';

async function drawer() {
  const found = await screen.findByRole('dialog', { name: 'DiskFull' });
  await within(found).findByRole('region', { name: 'Story' });
  return within(found);
}

test('a row opens its alert beside the list, in the address, and Escape closes it', async () => {
  holding();
  const { router } = openClient('/alerts');
  await userEvent.click(await screen.findByRole('link', { name: 'DiskFull' }));
  await drawer();
  expect(router.state.location.search).toEqual({ alert: 'hub-frankfurt/print-of-DiskFull' });
  await userEvent.keyboard('{Escape}');
  await waitFor(() => {
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });
  expect(router.state.location.searchStr).toBe('');
  expect(screen.getByRole('link', { name: 'DiskFull' })).toHaveFocus();
});

test('what others wrote is plain text, and only web addresses are links', async () => {
  holding();
  openClient(OPEN);
  const inside = await drawer();
  const says = within(inside.getByRole('region', { name: 'What it says' }));
  expect(says.getByText(/<b>full<\/b>, see javascript:alert\(1\) or/)).toBeInTheDocument();
  const links = says.getAllByRole('link');
  expect(links.map((link) => link.getAttribute('href'))).toEqual(['https://wiki.test/disk', 'https://prometheus.test/graph']);
  expect(links.every((link) => link.getAttribute('rel')?.includes('noopener'))).toBe(true);
});

test('it is acknowledged with a note, and released', async () => {
  const held = holding();
  openClient(OPEN);
  const inside = await drawer();
  await userEvent.type(inside.getByRole('textbox', { name: 'Note' }), 'on it');
  await userEvent.click(inside.getByRole('button', { name: 'Acknowledge' }));
  expect(await inside.findByText('on it')).toBeInTheDocument();
  await userEvent.click(inside.getByRole('button', { name: 'Release' }));
  expect(await inside.findByRole('button', { name: 'Acknowledge' })).toBeInTheDocument();
  expect(held.done).toEqual([{ note: 'on it' }, 'released']);
});

test('the keys of the list work in the drawer, but not while one writes there', async () => {
  const held = holding();
  openClient('/alerts');
  await userEvent.click(await screen.findByRole('link', { name: 'DiskFull' }));
  const inside = await drawer();
  await userEvent.type(inside.getByRole('textbox', { name: 'Comment' }), 'a');
  expect(held.done).toEqual([]);
  inside.getByRole('button', { name: 'Close' }).focus();
  await userEvent.keyboard('a');
  expect(await inside.findByRole('button', { name: 'Release' })).toBeInTheDocument();
  expect(held.done).toEqual([{ note: '' }]);
});

test('it is assigned and commented', async () => {
  const held = holding();
  openClient(OPEN);
  const inside = await drawer();
  await userEvent.click(inside.getByRole('button', { name: 'Assign to me' }));
  expect(await inside.findByText('Assigned to')).toBeInTheDocument();
  await userEvent.type(inside.getByRole('textbox', { name: 'Comment' }), 'looking');
  await userEvent.click(inside.getByRole('button', { name: 'Comment' }));
  expect(await inside.findByText('ada said')).toBeInTheDocument();
  expect(held.done).toEqual([{ username: 'ada' }, { text: 'looking' }]);
});

test('who may not work on the cluster is offered nothing to do', async () => {
  holding({}, [{ ...hub, permissions: ['view'] }]);
  openClient(OPEN);
  const inside = await drawer();
  expect(inside.queryByRole('region', { name: 'What you can do' })).not.toBeInTheDocument();
  expect(inside.queryByRole('form', { name: 'Comment' })).not.toBeInTheDocument();
});

test('the story tells who did what, and the times it fired, the newest first', async () => {
  holding({
    story: [{ at: '2026-01-31T10:05:00Z', author: 'bob', deed: 'ACKNOWLEDGED', text: 'mine' }],
    times: [
      { id: '3', state: 'PENDING', starts_at: '2026-01-31T12:00:00Z', ends_at: null, duration_seconds: null, ending: '' },
      { id: '2', state: 'FIRING', starts_at: '2026-01-31T11:00:00Z', ends_at: null, duration_seconds: null, ending: '' },
      { id: '1', state: 'RESOLVED', starts_at: '2026-01-31T10:00:00Z', ends_at: '2026-01-31T10:20:00Z', duration_seconds: 1200, ending: 'TOLD' },
    ],
  });
  openClient(OPEN);
  const story = within((await drawer()).getByRole('region', { name: 'Story' }));
  const words = story.getAllByRole('listitem').map((item) => item.textContent);
  expect(words.map((text) => /^(Pending|Fired|Resolved after 20 min|bob acknowledged itmine)/.exec(text)?.[1])).toEqual([
    'Pending',
    'Fired',
    'Resolved after 20 min',
    'bob acknowledged itmine',
    'Fired',
  ]);
});

test('a silence is about its labels and its cluster, shows what it matches, and has one result each', async () => {
  holding();
  const sent: Record<string, unknown>[] = [];
  server.use(
    http.post('*/api/v1/alerts/silences/preview', () =>
      HttpResponse.json({ matchers: [], total: 1, complete: true, clusters: [{ cluster_id: hub.id, cluster_name: hub.name, total: 1, alerts: [] }] }),
    ),
    http.post('*/api/v1/alerts/silences', async ({ request }) => {
      sent.push((await request.json()) as Record<string, unknown>);
      return HttpResponse.json({
        results: [
          { cluster_id: hub.id, cluster_name: hub.name, status: 'CREATED', id: 's1', error: null },
          { cluster_id: tokyo.id, cluster_name: tokyo.name, status: 'FAILED', id: null, error: { code: 'QUERY_TIMEOUT', message: 'no answer in 10 s' } },
        ],
      });
    }),
  );
  openClient(OPEN);
  const inside = await drawer();
  await userEvent.click(inside.getByRole('button', { name: 'Silence' }));
  const form = within(inside.getByRole('form', { name: 'Silence' }));
  expect(await form.findByText('Matches 1 active alert:')).toBeInTheDocument();
  expect(form.queryByRole('list', { name: 'What is not sure' })).not.toBeInTheDocument();
  expect(form.getByRole('button', { name: 'Silence' })).toBeDisabled();
  await userEvent.click(form.getByRole('radio', { name: '4 hours' }));
  await userEvent.click(form.getByRole('button', { name: 'Take pod away' }));
  await userEvent.type(form.getByRole('textbox', { name: 'Why' }), 'moving it');
  await userEvent.click(form.getByRole('button', { name: 'Silence' }));
  const results = within(inside.getByRole('status', { name: 'Results' }));
  expect(await results.findByText(/silenced$/)).toHaveTextContent('hub-frankfurt');
  expect(results.getByText(/failed: no answer in 10 s/)).toHaveTextContent('edge-tokyo');
  expect(sent).toEqual([
    {
      alert_id: disk.id,
      cluster_ids: [hub.id],
      comment: 'moving it',
      duration_seconds: 14_400,
      matchers: ['alertname', 'namespace', 'severity'].map((name) => ({ name, value: disk.labels[name], is_regex: false, is_equal: true })),
    },
  ]);
});

test('a preview that did not come to all alerts, or of a cluster that does not answer, says so', async () => {
  const mute = clusterOf(hub.name, { status: statusOf({ alertmanager_healthy: false, failure_stage: 'ALERTMANAGER', last_error: 'connection refused' }) });
  holding({}, [mute, tokyo]);
  const found = { cluster_id: hub.id, cluster_name: hub.name, total: 1200, alerts: [disk] };
  let total = 1200;
  server.use(
    http.post('*/api/v1/alerts/silences/preview', () =>
      HttpResponse.json({ matchers: [], total, complete: false, clusters: total === 0 ? [] : [found] }),
    ),
  );
  openClient(OPEN);
  const inside = await drawer();
  await userEvent.click(inside.getByRole('button', { name: 'Silence' }));
  const preview = within(await inside.findByRole('region', { name: 'What it matches' }));
  expect(await preview.findByText('Matches at least 1,200 active alerts:')).toHaveRole('status');
  expect(preview.getByText(/^hub-frankfurt: at least 1,200$/)).toBeInTheDocument();
  const doubts = within(preview.getByRole('list', { name: 'What is not sure' })).getAllByRole('listitem');
  expect(doubts.map((item) => item.textContent)).toEqual([
    'There are more active alerts than are compared for a preview. A label with = and its value narrows them.',
    'Alertmanager of hub-frankfurt does not answer (connection refused): its alerts are those known before.',
  ]);
  total = 0;
  await userEvent.click(inside.getByRole('button', { name: 'Take pod away' }));
  expect(await preview.findByText('Matches none of the alerts that were compared.')).toBeInTheDocument();
});

test('an alert that is not there, or not to be seen, is said to be neither', async () => {
  server.use(http.get('*/api/v1/alerts/:fingerprint', () => problem(404, 'NOT_FOUND', 'There is no such alert.')));
  openClient(OPEN);
  expect(await screen.findByRole('heading', { name: 'There is no such alert' })).toBeInTheDocument();
});

test('silences are listed with who did not answer, and expire when asked twice', async () => {
  const silence = {
    id: 's1',
    cluster_id: hub.id,
    cluster_name: hub.name,
    state: 'ACTIVE',
    matchers: [{ name: 'pod', value: 'web.*', is_regex: true, is_equal: true }],
    starts_at: '2026-01-31T10:00:00Z',
    ends_at: '2026-01-31T14:00:00Z',
    updated_at: '2026-01-31T10:00:00Z',
    created_by: 'bob',
    comment: 'moving it',
    silenced_alerts: 3,
  };
  let expired = false;
  server.use(
    http.get('*/api/v1/alerts/silences', () => HttpResponse.json(silencePage(expired ? [] : [silence], ['edge-tokyo: connection refused']))),
    http.delete('*/api/v1/alerts/silences/:cluster/:id', () => {
      expired = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  openClient('/alerts?tab=silences');
  const row = await screen.findByRole('row', { name: /Active.*pod=~"web\.\*".*moving it.*hub-frankfurt.*3.*bob/ });
  expect(screen.getByText('edge-tokyo: connection refused')).toBeInTheDocument();
  await userEvent.click(within(row).getByRole('button', { name: /^Expire/ }));
  expect(expired).toBe(false);
  await userEvent.click(within(row).getByRole('button', { name: 'Yes, expire it now' }));
  expect(await screen.findByRole('heading', { name: 'No silence to show' })).toBeInTheDocument();
});
