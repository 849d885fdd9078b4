import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import { hub, statusOf } from '../testing/fixtures';
import { openClient, statusEvent } from '../testing/harness';
import { page, problem, server, summaryOf } from '../testing/server';

const cards = async () => (await screen.findAllByRole('article')).map((card) => card.dataset.cluster);

const card = (name: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`article[data-cluster="${name}"]`);
  if (!found) throw new Error(`There is no card of ${name}.`);
  return found;
};

test('the worst cluster comes first', async () => {
  openClient();
  expect(await cards()).toEqual(['edge-tokyo', 'gpu-oregon', 'hub-frankfurt']);
});

test('a card says its state in a word, what is down and why', async () => {
  openClient();
  await cards();
  const tokyo = within(card('edge-tokyo'));
  expect(tokyo.getByText('Offline')).toBeInTheDocument();
  expect(tokyo.getByText('API server and Prometheus down:')).toBeInTheDocument();
  expect(tokyo.getByText(/connection refused/)).toBeInTheDocument();
});

test('a part that is not configured is not shown', async () => {
  openClient();
  await cards();
  expect(within(card('hub-frankfurt')).queryByText(/Tempo/)).not.toBeInTheDocument();
});

test('what needs attention is listed, worst first', async () => {
  openClient();
  const strip = await screen.findByRole('region', { name: '2 clusters need attention' });
  const names = within(strip).getAllByRole('link').map((link) => link.textContent);
  expect(names).toEqual(['edge-tokyo', 'gpu-oregon']);
});

test('one line says that all is well, and since when', async () => {
  server.use(http.get('*/api/v1/clusters', () => HttpResponse.json(page([hub]))));
  openClient();
  expect(await screen.findByText(/All is well: 1 cluster online/)).toHaveTextContent(/since/);
});

test('a card turns offline with its reason when the event comes, without a reload', async () => {
  const { line } = openClient();
  await cards();
  await screen.findByText('Live');
  line.send(statusEvent(hub, statusOf({ state: 'OFFLINE', api_server_healthy: false, last_error: 'hub is gone', checked_at: new Date().toISOString() })));
  await waitFor(() => {
    expect(card('hub-frankfurt').dataset.state).toBe('OFFLINE');
  });
  expect(within(card('hub-frankfurt')).getByText(/hub is gone/)).toBeInTheDocument();
});

test('a state in the address shows only the clusters in it', async () => {
  openClient('/?state=OFFLINE');
  expect(await cards()).toEqual(['edge-tokyo']);
});

test('what is searched for stands in the address', async () => {
  const { router } = openClient();
  await cards();
  await userEvent.type(screen.getByRole('searchbox', { name: 'Search clusters' }), 'tokyo');
  expect(await cards()).toEqual(['edge-tokyo']);
  expect(router.state.location.searchStr).toBe('?q=tokyo');
});

test('an empty fleet tells how to register a cluster', async () => {
  server.use(
    http.get('*/api/v1/clusters', () => HttpResponse.json(page([]))),
    http.get('*/api/v1/fleet/summary', () => HttpResponse.json(summaryOf([]))),
  );
  openClient();
  expect(await screen.findByRole('link', { name: 'Register a cluster' })).toHaveAttribute('href', '/admin/clusters/cluster/add/');
  expect(screen.getByText(/curl -X POST/)).toBeInTheDocument();
  expect(screen.getByText('make demo')).toBeInTheDocument();
});

test('a failure is told in the words of the server, with its request id and a retry', async () => {
  server.use(http.get('*/api/v1/clusters', () => problem(500, 'INTERNAL_ERROR', 'The database does not answer.'), { once: true }));
  openClient();
  const note = await screen.findByRole('alert');
  expect(note).toHaveTextContent('The database does not answer.');
  expect(note).toHaveTextContent('trace-1');
  await userEvent.click(within(note).getByRole('button', { name: 'Retry' }));
  expect(await cards()).toHaveLength(3);
});

test('an ended session asks to sign in again and to come back to this view', async () => {
  server.use(http.get('*/api/v1/clusters', () => problem(401, 'NOT_AUTHENTICATED', 'Sign in.')));
  openClient('/?state=OFFLINE');
  const link = await screen.findByRole('link', { name: 'Sign in again' });
  expect(link).toHaveAttribute('href', '/accounts/login/?next=%2F%3Fstate%3DOFFLINE');
});

test('a lost line is told by a banner, and the page stays', async () => {
  const { line } = openClient();
  await screen.findByText('Live');
  line.close(1011);
  expect(await screen.findByText(/Live updates are lost since/)).toBeInTheDocument();
  expect(await cards()).toHaveLength(3);
});
