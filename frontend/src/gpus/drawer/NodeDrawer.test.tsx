import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { vi } from 'vitest';

import type { GpuHistory } from '../../api/types';
import { patched } from '../../live/gpus';
import { ago, claimOf, detailOf, gpuOf, historyOf, holdingGpus, nodeOf } from '../../testing/gpus';
import { openClient } from '../../testing/harness';
import { problem, server } from '../../testing/server';
import { linesOf } from './history';

// A canvas needs a browser; its place here is taken by what it is given.
vi.mock('../../explore/Chart', () => ({
  Chart: ({ lines }: { lines: readonly unknown[] }) => <p>{lines.length} lines drawn</p>,
}));

const python = { pid: 48_121, process_name: 'python train.py', used_memory_mb: 39_936, type: 'COMPUTE', namespace: 'ml-train', pod: 'train-0', gpu_instance_id: null, compute_instance_id: null } as const;
const stray = { ...python, pid: 7, process_name: 'Xorg', used_memory_mb: null, namespace: null, pod: null };
const worker = nodeOf('gpu-worker-01', [gpuOf(0, { processes: [python, stray] }), gpuOf(1, { processes: null })]);

const unitOf = (changes: Partial<GpuHistory['series'][number]>): GpuHistory['series'][number] => ({
  gpu_index: 0,
  gpu_uuid: 'GPU-0',
  gpu_name: null,
  gpu_instance_id: null,
  compute_instance_id: null,
  profile: null,
  present: true,
  busy_percent: [10, null, 30],
  busy_percent_highest: [10, null, 30],
  memory_used_mb: [1024, null, 2048],
  memory_used_mb_highest: [1024, null, 2048],
  power_draw_watts: [300, null, 310],
  temperature_celsius: [50, null, 51],
  ...changes,
});
const at = ['2026-01-31T12:00:00Z', '2026-01-31T12:00:15Z', '2026-01-31T12:00:30Z'];

const drawer = async () => within(await screen.findByRole('dialog', { name: 'gpu-worker-01' }));

test('the name of a node opens it beside the list, in the address; Escape closes it and leads back', async () => {
  holdingGpus(worker);
  const { router } = openClient('/gpus');
  const link = await screen.findByRole('link', { name: 'gpu-worker-01' });
  await userEvent.click(link);
  const inside = await drawer();
  await inside.findByRole('list', { name: 'Cards' });
  expect(router.state.location.search).toEqual({ node: 'gpu-oregon/gpu-worker-01' });
  await userEvent.keyboard('{Escape}');
  await waitFor(() => {
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });
  expect(router.state.location.searchStr).toBe('');
  expect(screen.getByRole('link', { name: 'gpu-worker-01' })).toHaveFocus();
});

test('processes stand with their pods, and a source that tells none says so', async () => {
  holdingGpus(worker);
  openClient('/gpus?node=gpu-oregon/gpu-worker-01');
  const inside = await drawer();
  const cards = within(await inside.findByRole('list', { name: 'Cards' }));
  expect(cards.getByRole('row', { name: /48121.*python train\.py.*ml-train \/ train-0.*39 GiB/ })).toBeInTheDocument();
  expect(cards.getByRole('row', { name: /7.*Xorg.*pod not known.*–/ })).toBeInTheDocument();
  expect(cards.getByText(/Its processes are not told: nvidia-smi tells them/)).toBeInTheDocument();
});

test('who holds a card is said with since when, and whether for nothing', async () => {
  holdingGpus(worker);
  const claims = [claimOf('train-0'), claimOf('jupyter-ada-0', { gpu_index: 1, profile: '1g.10gb', idle_since: ago(180), holds_memory: true })];
  const told = detailOf(worker, { claims, attached: 3, lost: ['0000:3b:00.0'], missing: [{ uuid: 'GPU-7', index: 7, name: null, since: ago(20) }] });
  server.use(http.get('*/api/v1/gpu/nodes/:cluster/:node', () => HttpResponse.json(told)));
  openClient('/gpus?node=gpu-oregon/gpu-worker-01');
  const inside = await drawer();
  const held = within(await inside.findByRole('region', { name: 'Held by' }));
  const rows = held.getAllByRole('listitem').map((item) => item.textContent);
  expect(rows[0]).toMatch(/^GPU 0ml-train \/ train-0held since .*\(10 h\)$/);
  expect(rows[1]).toMatch(/^GPU 1, slice 1g\.10gb.*idle since .*\(3 h\), and keeps memory$/);
  expect(inside.getByText(/2 told of, 3 by the driver/)).toBeInTheDocument();
  expect(inside.getByText(/0000:3b:00\.0/)).toBeInTheDocument();
  expect(inside.getByText(/GPU 7/)).toHaveTextContent(/\(20 min\)/);
});

test('what is wrong with the node itself is said with what to do', async () => {
  const words = 'The card at 00000000:99:00.0 does not answer: nvidia-smi cannot reach it';
  holdingGpus(nodeOf('gpu-worker-01', [gpuOf(0)], { findings: [{ code: 'NO_ANSWER', severity: 'CRITICAL', words, do: 'Drain the node and reboot it.' }] }));
  openClient('/gpus?node=gpu-oregon/gpu-worker-01');
  const found = within(await (await drawer()).findByRole('list', { name: 'Findings of the node' }));
  expect(found.getByRole('listitem')).toHaveTextContent(`Critical: ${words}Drain the node and reboot it.`);
});

test('history is drawn for each card, and asked for as far back as the address says', async () => {
  holdingGpus(worker);
  const asked: number[] = [];
  server.use(
    http.get('*/api/v1/gpu/nodes/:cluster/:node/history', ({ request }) => {
      asked.push(Math.round((Date.now() - Date.parse(new URL(request.url).searchParams.get('since') ?? '')) / 3_600_000));
      return HttpResponse.json(historyOf({ at, series: [unitOf({}), unitOf({ gpu_index: 1, gpu_uuid: 'GPU-1' })] }));
    }),
  );
  const { router } = openClient('/gpus?node=gpu-oregon/gpu-worker-01&span=6h');
  const inside = await drawer();
  expect(await inside.findByText('2 lines drawn')).toBeInTheDocument();
  expect(asked).toEqual([6]);
  await userEvent.selectOptions(inside.getByRole('combobox', { name: 'Figure' }), 'power');
  expect(await inside.findAllByText('Power (W)')).not.toHaveLength(0);
  expect(router.state.location.search).toMatchObject({ metric: 'power', span: '6h' });
});

test('a node that is not there, or not to be seen, is said to be neither', async () => {
  holdingGpus(worker);
  server.use(http.get('*/api/v1/gpu/nodes/:cluster/:node', () => problem(404, 'NOT_FOUND', 'There is no such node.')));
  openClient('/gpus?node=gpu-oregon/gone');
  expect(await screen.findByRole('heading', { name: 'There is no such node with GPUs' })).toBeInTheDocument();
});

test('what was not measured has no point in a chart, and a slice has no power of its own', () => {
  const slice = unitOf({ gpu_instance_id: 1, profile: '3g.40gb', present: false, power_draw_watts: null, temperature_celsius: null });
  const history = historyOf({ at, series: [unitOf({}), slice] });
  const memory = linesOf(history, 'memory');
  expect(memory.map(({ series }) => [series.cluster, series.values])).toEqual([
    ['GPU 0', [1, 2]],
    ['GPU 0, slice 3g.40gb (gone)', [1, 2]],
  ]);
  expect(memory[0]?.series.times).toEqual([at[0], at[2]].map((time) => Date.parse(time ?? '') / 1000));
  expect(linesOf(history, 'power').map(({ series }) => series.cluster)).toEqual(['GPU 0']);
});

test('an event that left processes out does not take away those that are known', () => {
  const told = { ...worker, last_updated: ago(0), gpus: [gpuOf(0, { busy_percent: 1, processes: [python], processes_left_out: 9 }), gpuOf(1, { processes: [stray] })] };
  const [node] = patched([worker], new Map([[`${worker.cluster_id}/${worker.node_name}`, told]]));
  expect(node?.gpus.map(({ busy_percent, processes }) => [busy_percent, processes])).toEqual([
    [1, [python, stray]],
    [83, [stray]],
  ]);
});
