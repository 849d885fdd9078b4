import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { vi } from 'vitest';

import type { ClusterResult, MetricsAnswer } from '../api/types';
import { hub, tokyo } from '../testing/fixtures';
import { openClient } from '../testing/harness';
import { problem, server } from '../testing/server';

// A canvas and a text editor need a browser; their place here is taken by what they are given.
vi.mock('./Chart', () => ({
  Chart: ({ lines }: { lines: readonly unknown[] }) => <p>{lines.length} lines drawn</p>,
}));
vi.mock('./PromQLBox', () => ({
  default: ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
    <input
      aria-label="PromQL query"
      value={value}
      onChange={({ target }) => {
        onChange(target.value);
      }}
    />
  ),
}));

const result = (cluster: { id: string; name: string }, changes: Partial<ClusterResult>): ClusterResult => ({
  cluster_id: cluster.id,
  cluster_name: cluster.name,
  status: 'SUCCESS',
  result_type: 'MATRIX',
  data: [],
  error: null,
  query_time_ms: 5,
  cached: false,
  age_seconds: 0,
  ...changes,
});

const answerOf = (results: ClusterResult[]): MetricsAnswer => ({
  results,
  aggregated: null,
  total_query_time_ms: 7,
  clusters_queried: results.length,
  clusters_succeeded: results.filter(({ status }) => status === 'SUCCESS').length,
  warnings: [],
});

const matrix = (...values: [number, string][]) => [{ metric: { __name__: 'up', job: 'node' }, values }];

function answering(path: 'query' | 'query_range', answer: MetricsAnswer) {
  const asked: Record<string, unknown>[] = [];
  server.use(
    http.post(`*/api/v1/metrics/${path}`, async ({ request }) => {
      asked.push((await request.json()) as Record<string, unknown>);
      return HttpResponse.json(answer);
    }),
  );
  return asked;
}

test('an address with a question asks it, and the answer names its clusters and its coverage', async () => {
  answering(
    'query_range',
    answerOf([
      result(hub, { data: matrix([1, '1'], [2, '3']) }),
      result(tokyo, { status: 'TIMEOUT', result_type: null, data: null, error: { code: 'QUERY_TIMEOUT', message: 'no answer in 30 s' } }),
    ]),
  );
  openClient('/explore?q=up');
  expect(await screen.findByText('1 of 2 answered')).toBeInTheDocument();
  expect(screen.getByText('edge-tokyo timed out: no answer in 30 s')).toBeInTheDocument();
  const legend = within(screen.getByRole('region', { name: 'Legend' }));
  expect(legend.getByRole('row', { name: /hub-frankfurt.*3 1 3$/ })).toBeInTheDocument();
});

test('the address decides the clusters, the span and the step', async () => {
  const asked = answering('query_range', answerOf([result(hub, { data: matrix([1, '1']) })]));
  openClient('/explore?q=up&clusters=hub-frankfurt&from=2026-01-31T10:00:00Z&to=2026-01-31T12:00:00Z&step=1m');
  await screen.findByText('1 of 1 answered');
  expect(asked[0]).toEqual({
    query: 'up',
    cluster_ids: [hub.id],
    start_time: '2026-01-31T10:00:00.000Z',
    end_time: '2026-01-31T12:00:00.000Z',
    step: '60',
  });
});

test('running a question writes it into the address', async () => {
  answering('query_range', answerOf([result(hub, { data: matrix([1, '1']) })]));
  const { router } = openClient('/explore');
  await userEvent.type(await screen.findByLabelText('PromQL query'), 'up');
  await userEvent.click(screen.getByRole('button', { name: 'Run' }));
  await screen.findByText('1 of 1 answered');
  expect(router.state.location.searchStr).toBe('?q=up');
});

test('an instant question is answered by a table with every value as it was written', async () => {
  const data = ['NaN', '+Inf', '0.30000000000000004'].map((value, index) => ({ metric: { i: String(index) }, value: [1, value] }));
  answering('query', answerOf([result(hub, { result_type: 'VECTOR', data })]));
  openClient('/explore?q=x&mode=instant');
  const values = within(await screen.findByRole('region', { name: 'Values' }));
  expect(values.getAllByRole('row').map((row) => row.lastElementChild?.textContent)).toEqual(['Value', 'NaN', '+Inf', '0.30000000000000004']);
});

test('a mistake in the question is told at the box', async () => {
  server.use(http.post('*/api/v1/metrics/query_range', () => problem(400, 'INVALID_PROMQL', 'unclosed left parenthesis')));
  openClient('/explore?q=sum(');
  const form = await screen.findByRole('form', { name: 'Question' });
  expect(await within(form).findByRole('alert')).toHaveTextContent('unclosed left parenthesis');
});

test('when nobody answers, the reason and a retry are shown', async () => {
  server.use(http.post('*/api/v1/metrics/query_range', () => problem(504, 'QUERY_TIMEOUT', 'No cluster answered in 30 s.')));
  openClient('/explore?q=up');
  expect(await screen.findByRole('alert')).toHaveTextContent('No cluster answered in 30 s.');
  expect(screen.getByRole('button', { name: 'Retry' })).toBeInTheDocument();
});

test('unknown clusters in an address are named, and never turn into all clusters', async () => {
  const asked = answering('query_range', answerOf([]));
  openClient('/explore?q=up&clusters=nowhere');
  expect(await screen.findByText(/Not known here, and not asked: nowhere/)).toBeInTheDocument();
  expect(asked).toEqual([]);
});

test('a line can be hidden from the legend', async () => {
  answering('query_range', answerOf([result(hub, { data: matrix([1, '1']) })]));
  openClient('/explore?q=up');
  const line = await screen.findByRole('button', { name: /hub-frankfurt/, pressed: true });
  await userEvent.click(line);
  expect(line).toHaveAttribute('aria-pressed', 'false');
});
