import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import type { HealthCheck } from '../api/types';
import { hub, statusOf, tokyo } from '../testing/fixtures';
import { openClient, statusEvent } from '../testing/harness';
import { page, server } from '../testing/server';

const check = (id: number, changes: Partial<HealthCheck> = {}): HealthCheck => ({
  id,
  checked_at: new Date(Date.now() - id * 10_000).toISOString(),
  state: 'ONLINE',
  health_score: 100,
  latency_ms: 10 + id,
  api_server_healthy: true,
  prometheus_healthy: true,
  tempo_healthy: null,
  loki_healthy: null,
  alertmanager_healthy: null,
  error: '',
  failure_stage: null,
  ...changes,
});

test('it says the state, why, and what to do next', async () => {
  openClient('/clusters/edge-tokyo');
  const state = await screen.findByRole('region', { name: 'State' });
  expect(state).toHaveTextContent('Offline');
  expect(state).toHaveTextContent('connection refused');
  expect(state).toHaveTextContent('Next step: Check that the API server answers on api.edge-tokyo.example.test:6443');
});

test('it tells a part that is down from one that is not configured', async () => {
  openClient('/clusters/edge-tokyo');
  const parts = within(await screen.findByRole('region', { name: 'Parts and endpoints' }));
  const said = parts.getAllByRole('listitem').map((item) => item.textContent);
  expect(said.find((text) => text.startsWith('API server'))).toContain('Down');
  expect(said.find((text) => text.startsWith('Tempo'))).toContain('Not configured');
});

test('past checks are shown as a strip and as a table with their reasons', async () => {
  const checks = [check(1, { state: 'OFFLINE', api_server_healthy: false, error: 'connection refused', latency_ms: null }), check(2), check(3)];
  server.use(http.get('*/api/v1/clusters/:id/health-history', () => HttpResponse.json(page(checks))));
  openClient('/clusters/hub-frankfurt');
  expect(await screen.findByRole('img', { name: 'Of 3 checks: 1 offline, 2 online' })).toBeInTheDocument();
  const [, newest] = within(screen.getByRole('table')).getAllByRole('row');
  expect(newest).toHaveTextContent('API server: connection refused');
});

test('a check can be asked for, and its answer comes by the event', async () => {
  let asked = 0;
  server.use(
    http.post('*/api/v1/clusters/:id/refresh', () => {
      asked += 1;
      return HttpResponse.json({ status: 'queued' }, { status: 202 });
    }),
  );
  const { line } = openClient('/clusters/hub-frankfurt');
  await screen.findByText('Live');
  await userEvent.click(await screen.findByRole('button', { name: 'Check now' }));
  expect(await screen.findByRole('button', { name: 'Checking' })).toBeInTheDocument();
  line.send(statusEvent(hub, statusOf({ checked_at: new Date().toISOString() })));
  expect(await screen.findByText('Checked')).toBeInTheDocument();
  expect(asked).toBe(1);
});

test('who may only look is offered no check', async () => {
  server.use(http.get('*/api/v1/clusters/by-name/:name', () => HttpResponse.json({ ...tokyo, permissions: ['view'] })));
  openClient('/clusters/edge-tokyo');
  await screen.findByRole('region', { name: 'State' });
  expect(screen.queryByRole('button', { name: 'Check now' })).not.toBeInTheDocument();
});

test('it follows the events', async () => {
  const { line } = openClient('/clusters/hub-frankfurt');
  await screen.findByText('Live');
  const state = await screen.findByRole('region', { name: 'State' });
  line.send(statusEvent(hub, statusOf({ state: 'OFFLINE', last_error: 'gone', checked_at: new Date().toISOString() })));
  await waitFor(() => {
    expect(state).toHaveTextContent('Offline');
  });
});

test('a card leads to it, and it shows at once what the card knew', async () => {
  server.use(http.get('*/api/v1/clusters/by-name/:name', () => new Promise<never>(() => undefined)));
  openClient('/');
  await userEvent.click(await screen.findByRole('link', { name: 'Hub Frankfurt' }));
  expect(await screen.findByRole('region', { name: 'State' })).toHaveTextContent('Online');
});

test('a name that nobody knows leads back to the fleet', async () => {
  openClient('/clusters/nowhere');
  expect(await screen.findByRole('heading', { name: 'There is no cluster nowhere' })).toBeInTheDocument();
});
