import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import type { Alert } from '../api/types';
import { alertEvent, alertOf, alertPage, noAlerts, resolved } from '../testing/alerts';
import { clusterOf, hub, statusOf } from '../testing/fixtures';
import { openClient } from '../testing/harness';
import { page, problem, server } from '../testing/server';

const disk = alertOf('DiskFull', { severity: 'CRITICAL', labels: { alertname: 'DiskFull', severity: 'critical', pod: 'db-0' } });
const slow = alertOf('Slow', { acknowledged_by: 'bob', acknowledged_at: new Date().toISOString(), acknowledgement: 'on it' });

/** A platform with these alerts, which may change; it tells what it was asked, the counts of the rail left out. */
function holding(...alerts: Alert[]) {
  const held = { alerts, asked: [] as URLSearchParams[] };
  server.use(
    http.get('*/api/v1/alerts', ({ request }) => {
      const { searchParams } = new URL(request.url);
      if (searchParams.get('page_size') !== '1') held.asked.push(searchParams);
      return HttpResponse.json(alertPage(held.alerts));
    }),
  );
  return held;
}

const row = (name: string) => screen.findByRole('row', { name: new RegExp(`${name} `) });

test('rows come as the platform sorts them, with severity, cluster and who has taken them in words', async () => {
  holding(disk, slow);
  openClient('/alerts');
  await row('DiskFull');
  const rows = screen.getAllByRole('row').slice(1);
  expect(rows.map((each) => within(each).getByRole('link').textContent)).toEqual(['DiskFull', 'Slow']);
  expect(rows[0]).toHaveTextContent(/Critical.*DiskFull is the matter.*hub-frankfurt.*Firing/);
  expect(rows[1]).toHaveTextContent(/Acknowledged by.*bob/);
});

test('what is silenced or inhibited is left out until asked for', async () => {
  const held = holding(disk);
  const { router } = openClient('/alerts');
  await row('DiskFull');
  expect(held.asked[0]?.get('silenced')).toBe('false');
  expect(held.asked[0]?.get('inhibited')).toBe('false');
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Silenced and inhibited' }), 'shown');
  await waitFor(() => {
    expect(held.asked.at(-1)?.has('silenced')).toBe(false);
  });
  expect(router.state.location.searchStr).toBe('?muted=shown');
  expect(screen.getByRole('button', { name: 'Filters 1 set' })).toHaveAttribute('aria-expanded', 'false');
});

test('the address holds all filters, and asks by them', async () => {
  const held = holding(disk);
  openClient('/alerts?severity=CRITICAL&cluster=hub-frankfurt&labels=pod%3Ddb-0%2Cteam!%3Dred&q=disk&ack=no&state=FIRING&page=2');
  await row('DiskFull');
  const asked = held.asked.at(-1);
  expect(asked?.getAll('label')).toEqual(['pod=db-0', 'team!=red']);
  expect(asked?.getAll('severity')).toEqual(['CRITICAL']);
  expect(asked?.getAll('cluster_id')).toEqual([hub.id]);
  expect(asked?.getAll('state')).toEqual(['FIRING']);
  expect(Object.fromEntries(asked ?? [])).toMatchObject({ search: 'disk', acknowledged: 'false', page: '2' });
});

test('an unknown cluster in an address is named, and never turns into all clusters', async () => {
  const held = holding(disk);
  openClient('/alerts?cluster=nowhere');
  expect(await screen.findByText(/Not known here, and not asked: nowhere/)).toBeInTheDocument();
  expect(held.asked).toEqual([]);
});

test('a label is included by a click, excluded with Alt, and Back takes it away', async () => {
  const held = holding(disk);
  const { router } = openClient('/alerts');
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: 'Only pod=db-0' }));
  await waitFor(() => {
    expect(held.asked.at(-1)?.getAll('label')).toEqual(['pod=db-0']);
  });
  await user.keyboard('{Alt>}');
  await user.click(screen.getByRole('button', { name: 'Only pod=db-0' }));
  await user.keyboard('{/Alt}');
  await waitFor(() => {
    expect(held.asked.at(-1)?.getAll('label')).toEqual(['pod!=db-0']);
  });
  router.history.back();
  await waitFor(() => {
    expect(router.state.location.searchStr).toBe('?labels=pod%3Ddb-0');
  });
});

test('a matcher that is typed becomes a filter with Enter', async () => {
  const held = holding(disk);
  openClient('/alerts');
  await userEvent.type(await screen.findByRole('searchbox', { name: 'Search alerts' }), 'pod=~db-*{Enter}');
  expect(await screen.findByRole('button', { name: /^pod=~db-\*/ })).toBeInTheDocument();
  await waitFor(() => {
    expect(held.asked.at(-1)?.getAll('label')).toEqual(['pod=~db-*']);
  });
});

test('an alert that fires and one that resolves are seen without a reload, in rail and title too', async () => {
  const held = holding();
  const { line } = openClient('/alerts');
  expect(await screen.findByText(/All is well/)).toBeInTheDocument();
  await screen.findByText('Live');
  held.alerts = [disk];
  line.send(alertEvent('ALERT_FIRED', disk));
  expect(await row('DiskFull')).toHaveTextContent('Firing');
  await waitFor(() => {
    expect(document.title).toBe('(1) Alerts · AIOps NextGen');
  });
  expect(screen.getByRole('link', { name: /^Alerts ?, firing: ?1$/ })).toBeInTheDocument();
  held.alerts = [];
  line.send(alertEvent('ALERT_RESOLVED', resolved(disk)));
  await waitFor(() => {
    expect(screen.queryByRole('link', { name: 'DiskFull' })).not.toBeInTheDocument();
  });
});

test('a thousand events at once ask the platform a few times', async () => {
  const held = holding(disk);
  const { line } = openClient('/alerts');
  await row('DiskFull');
  await screen.findByText('Live');
  const before = held.asked.length;
  for (let index = 0; index < 1000; index += 1) line.send(alertEvent('ALERT_FIRED', alertOf(`Storm${index}`)));
  held.alerts = [];
  line.send(alertEvent('ALERT_RESOLVED', resolved(disk)));
  expect(await screen.findByText(/All is well/)).toBeInTheDocument();
  expect(held.asked.length - before).toBeLessThan(5);
});

test('j, k and Enter walk the rows, and a acknowledges', async () => {
  holding(disk, slow);
  let taken = '';
  server.use(
    http.post('*/api/v1/alerts/:id/acknowledge', ({ params }) => {
      taken = String(params.id);
      return HttpResponse.json(slow);
    }),
  );
  openClient('/alerts');
  await row('DiskFull');
  await userEvent.keyboard('jj');
  expect(screen.getByRole('link', { name: 'Slow' })).toHaveFocus();
  await userEvent.keyboard('ka');
  expect(screen.getByRole('link', { name: 'DiskFull' })).toHaveFocus();
  await waitFor(() => {
    expect(taken).toBe(disk.id);
  });
});

test('in groups a missing label reads (none), and opening one asks for those without it', async () => {
  const held = holding(disk);
  server.use(
    http.get('*/api/v1/alerts/groups', () =>
      HttpResponse.json({
        ...page([
          {
            labels: { team: '(none)' },
            missing: ['team'],
            total: 1,
            by_severity: { CRITICAL: 1, WARNING: 0, INFO: 0 },
            acknowledged: 0,
            silenced: 0,
            inhibited: 0,
            clusters: [{ cluster_id: hub.id, cluster_name: hub.name, total: 1 }],
            common_labels: { pod: 'db-0' },
            oldest_starts_at: disk.starts_at,
            changed_at: disk.changed_at,
          },
        ]),
      }),
    ),
  );
  openClient('/alerts?by=team');
  await userEvent.click(await screen.findByRole('button', { name: /team ?\(none\)/ }));
  await row('DiskFull');
  expect(held.asked.at(-1)?.getAll('label')).toEqual(['team=']);
});

test('one tab alone is the current one', async () => {
  server.use(...noAlerts);
  openClient('/alerts?tab=history');
  const tabs = within(await screen.findByRole('navigation', { name: 'Alerts' }));
  expect(tabs.getAllByRole('link', { current: 'page' }).map((link) => link.textContent)).toEqual(['History']);
  await userEvent.click(tabs.getByRole('link', { name: 'Active' }));
  await waitFor(() => {
    expect(tabs.getAllByRole('link', { current: 'page' }).map((link) => link.textContent)).toEqual(['Active']);
  });
});

test('history says how long it was and how it ended', async () => {
  const over = { ...resolved(disk), starts_at: '2026-01-31T10:00:00Z', ends_at: '2026-01-31T10:20:00Z' };
  server.use(http.get('*/api/v1/alerts/history', () => HttpResponse.json(alertPage([over]))));
  openClient('/alerts?tab=history');
  expect(await row('DiskFull')).toHaveTextContent(/20 min.*Alertmanager said so/);
});

test('a cluster whose Alertmanager does not answer is named, and all is not well then', async () => {
  holding();
  const mute = clusterOf('edge-tokyo', { status: statusOf({ alertmanager_healthy: false }) });
  server.use(http.get('*/api/v1/clusters', () => HttpResponse.json(page([hub, mute]))));
  openClient('/alerts');
  expect(await screen.findByText(/Alertmanager of edge-tokyo does not answer/)).toBeInTheDocument();
  expect(await screen.findByText(/No alert is known of/)).toBeInTheDocument();
});

test('a failure is told in the words of the platform, with a retry', async () => {
  server.use(http.get('*/api/v1/alerts', () => problem(503, 'INTERNAL_ERROR', 'The database does not answer.')));
  openClient('/alerts');
  expect(await screen.findByRole('alert')).toHaveTextContent('The database does not answer.');
  expect(screen.getByRole('button', { name: 'Retry' })).toBeInTheDocument();
});
