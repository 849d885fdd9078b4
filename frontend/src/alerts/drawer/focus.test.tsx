import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import type { AlertDetail } from '../../api/types';
import { alertOf, alertPage, detailOf } from '../../testing/alerts';
import { hub, me } from '../../testing/fixtures';
import { openClient } from '../../testing/harness';
import { server } from '../../testing/server';
import { namesOf } from './Preview';

const disk = alertOf('DiskFull');

/** A platform with one alert, which can be worked on. */
function holding() {
  let alert = detailOf(disk);
  const change = (changes: Partial<AlertDetail>) => () => {
    alert = { ...alert, ...changes };
    return HttpResponse.json(alert);
  };
  server.use(
    http.get('*/api/v1/alerts', () => HttpResponse.json(alertPage([alert]))),
    http.get('*/api/v1/alerts/print-of-DiskFull', () => HttpResponse.json(alert)),
    http.post('*/api/v1/alerts/:id/acknowledge', change({ acknowledged_by: 'ada', acknowledged_at: new Date().toISOString() })),
    http.delete('*/api/v1/alerts/:id/acknowledge', change({ acknowledged_by: null, acknowledged_at: null })),
    http.put('*/api/v1/alerts/:id/assignee', change({ assigned_to: me.username })),
    http.post('*/api/v1/alerts/silences/preview', () =>
      HttpResponse.json({ matchers: [], total: 1, complete: true, clusters: [{ cluster_id: hub.id, cluster_name: hub.name, total: 1, alerts: [disk] }] }),
    ),
    http.post('*/api/v1/alerts/silences', () =>
      HttpResponse.json({ results: [{ cluster_id: hub.id, cluster_name: hub.name, status: 'CREATED', id: 's1', error: null }] }),
    ),
  );
}

async function drawer() {
  openClient('/alerts?alert=hub-frankfurt/print-of-DiskFull');
  const found = await screen.findByRole('dialog', { name: 'DiskFull' });
  await within(found).findByRole('region', { name: 'Story' });
  return within(found);
}

const focused = (name: string) =>
  waitFor(() => {
    expect(document.activeElement).toHaveAccessibleName(name);
  });

test('who calls a silence off is back at the button that opened its form', async () => {
  holding();
  const inside = await drawer();
  await userEvent.click(inside.getByRole('button', { name: 'Silence' }));
  await focused('Why');
  await userEvent.click(inside.getByRole('button', { name: 'Cancel' }));
  await focused('Silence');
});

test('who silences is led to Done, and from there back to the button that opened the form', async () => {
  holding();
  const inside = await drawer();
  await userEvent.click(inside.getByRole('button', { name: 'Silence' }));
  await userEvent.type(inside.getByRole('textbox', { name: 'Why' }), 'moving it');
  await userEvent.click(within(inside.getByRole('form', { name: 'Silence' })).getByRole('button', { name: 'Silence' }));
  await focused('Done');
  await userEvent.keyboard('{Enter}');
  await focused('Silence');
});

test('a button that is gone once it has done its work leaves the focus to the one that undoes it', async () => {
  holding();
  const inside = await drawer();
  await userEvent.type(inside.getByRole('textbox', { name: 'Note' }), 'on it{Enter}');
  await focused('Release');
  await userEvent.keyboard('{Enter}');
  await focused('Acknowledge');
  await userEvent.click(inside.getByRole('button', { name: 'Assign to me' }));
  await focused('Unassign');
});

test('who has let go of the drawer is not pulled back into it', async () => {
  holding();
  const inside = await drawer();
  await userEvent.click(inside.getByRole('button', { name: 'Acknowledge' }));
  await userEvent.click(document.body);
  await inside.findByRole('button', { name: 'Release' });
  expect(document.body).toHaveFocus();
});

test('what is read out comes into regions that were there before it', async () => {
  holding();
  const found = { matchers: [], total: 1, complete: true, clusters: [{ cluster_id: hub.id, cluster_name: hub.name, total: 1, alerts: [disk] }] };
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => { answer = resolve; });
  server.use(
    http.post('*/api/v1/alerts/silences/preview', async () => {
      await asked;
      return HttpResponse.json(found);
    }),
  );
  const inside = await drawer();
  await userEvent.click(inside.getByRole('button', { name: 'Silence' }));
  const preview = inside.getByRole('region', { name: 'What it matches' });
  const [told, results] = [within(preview).getByRole('status'), inside.getByRole('status', { name: 'Results' })];
  expect(told).toBeEmptyDOMElement();
  answer();
  await waitFor(() => {
    expect(told).toHaveTextContent('Matches 1 active alert:');
  });
  await userEvent.type(inside.getByRole('textbox', { name: 'Why' }), 'moving it');
  await userEvent.click(within(inside.getByRole('form', { name: 'Silence' })).getByRole('button', { name: 'Silence' }));
  await waitFor(() => {
    expect(results).toHaveTextContent('hub-frankfurt silenced');
  });
});

test('names that a preview leaves out are owned up to', () => {
  const alerts = Array.from({ length: 20 }, (_, index) => ({ alertname: `Storm${index}` }));
  const named = alerts.slice(0, 8).map(({ alertname }) => alertname).join(', ');
  expect(namesOf({ alerts: alerts.slice(0, 8), total: 8 })).toBe(named);
  expect(namesOf({ alerts, total: 20 })).toBe(`${named} and 12 more names`);
  expect(namesOf({ alerts, total: 300 })).toBe(`${named} and 12 more names (names of the first 20)`);
  expect(namesOf({ alerts: [], total: 3 })).toBe('');
});
