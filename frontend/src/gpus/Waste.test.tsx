import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import { oregon } from '../testing/fixtures';
import { gpuOf, holdingGpus, nodeOf, wasteOf } from '../testing/gpus';
import { openClient } from '../testing/harness';
import { server } from '../testing/server';

beforeEach(() => {
  holdingGpus(nodeOf('gpu-worker-01', [gpuOf(0)]));
});

const names = () => screen.getAllByRole('rowheader').map((row) => row.textContent);

test('hours are told by namespace, by owner and by cluster, most waste first, and how much that is of what was held', async () => {
  const { router } = openClient('/gpus?show=waste');
  const panel = within(await screen.findByRole('region', { name: 'Hours held and not used' }));
  expect(panel.getByText(/100 GPU-hours held, 60 used/)).toHaveTextContent('40 wasted (40 %)');
  expect(panel.getByText(/No price is set/)).toBeInTheDocument();
  expect(names()).toEqual(['ml-notebooks gpu-oregon', 'ml-train gpu-oregon']);
  expect(panel.getByRole('row', { name: /^ml-notebooks/ })).toHaveTextContent('ml-notebooks gpu-oregon50203060 %012.5');
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Told' }), 'owner');
  expect(names()).toEqual(['jupyter-ada ml-notebooks in gpu-oregon']);
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Told' }), 'cluster');
  expect(names()[0]).toMatch(/^gpu-oregon/);
  expect(router.state.location.search).toEqual({ show: 'waste', by: 'cluster' });
});

test('where a price is set, waste is told in money too', async () => {
  const [namespace] = wasteOf().by_namespace;
  const priced = namespace && { ...namespace, cost: 125, wasted_cost: 75 };
  server.use(http.get('*/api/v1/gpu/waste', () => HttpResponse.json(wasteOf({ currency: 'EUR', cost: 250, wasted_cost: 100, by_namespace: priced ? [priced] : [] }))));
  openClient('/gpus?show=waste');
  expect(await screen.findByText(/which cost 100 EUR of 250 EUR/)).toBeInTheDocument();
  expect(screen.getByRole('row', { name: /^ml-notebooks/ })).toHaveTextContent(/75 EUR$/);
  expect(screen.queryByText(/No price is set/)).not.toBeInTheDocument();
});

test('what is held for nothing is listed with its owner, where it is, and since when', async () => {
  openClient('/gpus?show=waste');
  const idle = within(await screen.findByRole('list', { name: 'Held for nothing' }));
  const [row] = idle.getAllByRole('listitem');
  expect(row).toHaveTextContent(/^jupyter-ada in ml-notebooks.*GPU 0 of gpu-worker-01 in gpu-oregon.*3 GPU-hours.*idle since .*\(3 h\).*keeps memory$/);
  await userEvent.click(idle.getByRole('link', { name: 'gpu-worker-01' }));
  expect(await screen.findByRole('dialog', { name: 'gpu-worker-01' })).toBeInTheDocument();
});

test('the address says of which clusters and how far back', async () => {
  const asked: URLSearchParams[] = [];
  server.use(
    http.get('*/api/v1/gpu/waste', ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(wasteOf({ held_gpu_hours: 0, idle: [] }));
    }),
  );
  openClient('/gpus?show=waste&cluster=gpu-oregon&since=30d');
  expect(await screen.findByRole('heading', { name: 'Nothing was held in this time' })).toBeInTheDocument();
  expect(asked.map((each) => each.getAll('cluster_id'))).toEqual([[oregon.id]]);
  expect(Math.round((Date.now() - Date.parse(asked[0]?.get('since') ?? '')) / 86_400_000)).toBe(30);
});
