import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import { hub, oregon } from '../testing/fixtures';
import { ago, clusterFigures, gpuEvent, gpuOf, holderOf, holdingGpus, noGpus, nodeOf, sliceOf, summaryOf } from '../testing/gpus';
import { openClient } from '../testing/harness';
import { page, problem, server, summaryOf as fleetSummary } from '../testing/server';

const fallen = gpuOf(5, {
  health: 'CRITICAL',
  busy_percent: null,
  temperature_celsius: null,
  findings: [{ code: 'XID_79', severity: 'CRITICAL', words: 'XID 79: the GPU has fallen off the bus', do: 'Drain the node and restart it.' }],
});
const outOfReach = { code: 'NO_ANSWER', severity: 'CRITICAL', words: 'The card at 00000000:99:00.0 does not answer: nvidia-smi cannot reach it', do: 'Drain the node and reboot it.' } as const;
const worker = nodeOf('gpu-worker-01', [gpuOf(0), fallen]);

const card = async (name: string) => within(await screen.findByRole('group', { name }));

test('cards stand by cluster and node, the worst node first, with use beside allocation', async () => {
  const held = holdingGpus(worker);
  openClient('/gpus');
  const zero = await card('GPU 0');
  const cluster = within(screen.getByRole('region', { name: 'gpu-oregon' }));
  expect(cluster.getByRole('heading', { name: 'gpu-worker-01' })).toBeInTheDocument();
  expect(held.asked[0]?.get('ordering')).toBe('-health,cluster,node_name');
  const figures = Object.fromEntries(
    zero.getAllByRole('term').map((term) => [term.textContent, term.nextElementSibling?.textContent]),
  );
  expect(figures).toEqual({ 'In use': '83 %', Allocated: '100 %', Memory: '40 of 80 GiB', Power: '512 of 700 W', Temperature: '64 °C' });
  expect(zero.getByText('train-0')).toBeInTheDocument();
});

test('health is said in words, with what to do, and what a card does not tell is no nought', async () => {
  holdingGpus(worker);
  openClient('/gpus');
  const five = await card('GPU 5');
  expect(five.getByText('Critical')).toBeInTheDocument();
  expect(five.getByRole('listitem', { name: '' })).toHaveTextContent('Critical: XID 79: the GPU has fallen off the bus');
  expect(five.getByText('Drain the node and restart it.')).toBeInTheDocument();
  expect(five.getByText('In use').nextElementSibling).toHaveTextContent('–');
});

test('a card in slices shows each with its own use and holder, and a card that is shared says so', async () => {
  const cut = gpuOf(1, {
    mig_enabled: true,
    utilization_gpu_percent: null,
    mig_instances: [sliceOf(1, { holders: [holderOf('infer-0')] }), sliceOf(2, { profile: '1g.10gb', utilization_gpu_percent: null })],
    holders: [],
    allocated: 3 / 7,
  });
  const shared = gpuOf(2, { shared: true, holders: [holderOf('a-0'), holderOf('b-0'), holderOf('c-0')] });
  holdingGpus(nodeOf('gpu-worker-01', [cut, shared]));
  openClient('/gpus');
  const slices = within((await card('GPU 1')).getByRole('list', { name: 'Slices' }));
  expect(slices.getByText('3g.40gb').closest('li')).toHaveTextContent(/In use12 %.*Memory25 %.*infer-0/);
  expect(slices.getByText('1g.10gb').closest('li')).toHaveTextContent(/Free.*In use–/);
  expect((await card('GPU 2')).getByText(/3 pods take turns on it/)).toBeInTheDocument();
});

test('a node that is not read any more says since when, and what could not be read is said too', async () => {
  holdingGpus(nodeOf('gpu-worker-02', [gpuOf(0)], { stale: true, last_updated: ago(12), errors: ['nvidia-smi: no answer in 10 s'] }));
  openClient('/gpus');
  expect(await screen.findByText(/Stale, read/)).toHaveTextContent('Stale, read 12 min ago');
  expect(screen.getByText('nvidia-smi: no answer in 10 s')).toBeInTheDocument();
});

test('a card that never showed itself is a finding of its node, which stands out as a card that fails', async () => {
  const silent = nodeOf('gpu-worker-03', [], { findings: [outOfReach] });
  holdingGpus(silent, nodeOf('gpu-worker-04', [gpuOf(0)]));
  const { line } = openClient('/gpus');
  const found = within(await screen.findByRole('list', { name: 'Findings of the node' }));
  expect(found.getByRole('listitem')).toHaveTextContent('Critical: The card at 00000000:99:00.0 does not answer');
  expect(found.getByText('Drain the node and reboot it.')).toBeInTheDocument();
  const nodes = screen.getAllByRole('article');
  expect(nodes.map((node) => node.dataset.health)).toEqual(['CRITICAL', undefined]);
  expect(within(nodes[0] as HTMLElement).getByRole('list', { name: 'Findings of the node' })).toBeInTheDocument();
  await screen.findByText('Live');
  line.send(gpuEvent({ ...silent, last_updated: ago(0), findings: [] }));
  await waitFor(() => {
    expect(screen.queryByRole('list', { name: 'Findings of the node' })).not.toBeInTheDocument();
  });
});

test('the address holds the filters, and asks by them', async () => {
  const held = holdingGpus(worker);
  const { router } = openClient('/gpus?cluster=gpu-oregon&model=H100&stale=yes&page=2');
  await card('GPU 0');
  const asked = held.asked.at(-1);
  expect(Object.fromEntries(asked ?? [])).toMatchObject({ cluster_id: oregon.id, model: 'H100', stale: 'true', page: '2' });
  await userEvent.click(screen.getByRole('button', { name: 'Critical 1' }));
  await userEvent.type(screen.getByRole('searchbox', { name: 'Search nodes and cards' }), '01');
  await waitFor(() => {
    expect(held.asked.at(-1)?.get('search')).toBe('01');
  });
  expect(held.asked.at(-1)?.getAll('health')).toEqual(['CRITICAL']);
  expect(router.state.location.search).toEqual({ cluster: 'gpu-oregon', model: 'H100', stale: 'yes', health: 'CRITICAL', q: '01' });
  await userEvent.click(screen.getByRole('button', { name: 'Clear the filters' }));
  await waitFor(() => {
    expect(router.state.location.searchStr).toBe('');
  });
});

test('an unknown cluster in an address is named, and never turns into all clusters', async () => {
  const held = holdingGpus(worker);
  openClient('/gpus?cluster=nowhere');
  expect(await screen.findByText(/Not known here, and not asked: nowhere/)).toBeInTheDocument();
  expect([held.asked, held.totals]).toEqual([[], 0]);
});

test('clusters that have no GPUs at all leave nothing that fits', async () => {
  holdingGpus();
  server.use(http.get('*/api/v1/gpu/nodes', () => problem(404, 'NO_GPU_NODES', 'No cluster that is named has GPUs.')));
  openClient('/gpus?cluster=hub-frankfurt');
  expect(await screen.findByRole('heading', { name: 'No node fits' })).toBeInTheDocument();
});

test('a card changes when it is told, without a reload, and an older reading does not undo it', async () => {
  const held = holdingGpus(worker);
  let fleetAsked = 0;
  server.use(
    http.get('*/api/v1/fleet/summary', () => {
      fleetAsked += 1;
      return HttpResponse.json(fleetSummary());
    }),
  );
  const { line } = openClient('/gpus');
  const zero = await card('GPU 0');
  await screen.findByText('Live');
  const asked = held.asked.length;
  line.send(gpuEvent({ ...worker, last_updated: ago(0), gpus: [gpuOf(0, { busy_percent: 7 }), fallen] }));
  expect(await zero.findByText('7 %')).toBeInTheDocument();
  line.send(gpuEvent({ ...worker, last_updated: ago(5), gpus: [gpuOf(0, { busy_percent: 99 }), fallen] }));
  line.send(gpuEvent(nodeOf('gpu-worker-09', [gpuOf(0)])));
  line.send(gpuEvent({ ...worker, last_updated: ago(0), gpus: [gpuOf(0, { busy_percent: 8 }), fallen] }));
  expect(await zero.findByText('8 %')).toBeInTheDocument();
  expect([held.asked.length, fleetAsked]).toEqual([asked, 0]);
});

test('the totals say what they are of, and what is doubtful about them', async () => {
  holdingGpus(worker);
  server.use(http.get('*/api/v1/gpu/summary', () => HttpResponse.json(summaryOf({ lost: 1, missing: 2 }))));
  openClient('/gpus');
  const totals = within(await screen.findByRole('region', { name: 'All GPUs' }));
  expect(totals.getByText('In use').nextElementSibling).toHaveTextContent('48 %the mean of 7 that tell');
  expect(totals.getByText('Allocated').nextElementSibling).toHaveTextContent('81 %6.5 of 8 cards');
  expect(totals.getByText('Held and idle').nextElementSibling).toHaveTextContent('2cards that do nothing');
  expect(totals.getByText(/1 card does not answer, or fell off the bus; 2 cards are not in the newest reading\./)).toBeInTheDocument();
});

test('a cluster of whose GPUs nobody tells is named with the reason, and a missing series with its line', async () => {
  holdingGpus(worker);
  const silent = clusterFigures({ cluster_id: hub.id, cluster_name: hub.name, coverage: 'SILENT', gpus_in_kubernetes: 4, problem: 'Prometheus has no series of a DCGM exporter.', last_updated: null });
  const wanting = clusterFigures({ missing_metrics: [{ metric: 'DCGM_FI_DEV_XID_ERRORS', words: 'XID errors', csv_line: 'DCGM_FI_DEV_XID_ERRORS, gauge, XID.' }] });
  server.use(http.get('*/api/v1/gpu/summary', () => HttpResponse.json(summaryOf({ by_cluster: [silent, wanting] }))));
  openClient('/gpus');
  const troubled = within(await screen.findByRole('list', { name: 'Clusters that are not read' }));
  expect(troubled.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
    'hub-frankfurt has 4 GPUs by Kubernetes, and nobody tells of them. Prometheus has no series of a DCGM exporter.',
  ]);
  await userEvent.click(screen.getByText('gpu-oregon: 1 series is not exported'));
  expect(screen.getByText('DCGM_FI_DEV_XID_ERRORS, gauge, XID.')).toBeVisible();
});

test('where there are no GPUs it says what has to be set up', async () => {
  holdingGpus();
  server.use(http.get('*/api/v1/gpu/summary', () => HttpResponse.json(noGpus)));
  openClient('/gpus');
  expect(await screen.findByRole('heading', { name: 'No GPUs are known of' })).toBeInTheDocument();
  expect(screen.getByText(/The DCGM exporter/)).toBeInTheDocument();
  expect(screen.queryByRole('region', { name: 'All GPUs' })).not.toBeInTheDocument();
});

test('a failure is told in the words of the platform, with a retry', async () => {
  holdingGpus(worker);
  server.use(http.get('*/api/v1/gpu/nodes', () => problem(503, 'INTERNAL_ERROR', 'The database does not answer.')));
  openClient('/gpus');
  expect(await screen.findByRole('alert')).toHaveTextContent('The database does not answer.');
  server.use(http.get('*/api/v1/gpu/nodes', () => HttpResponse.json(page([worker]))));
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  await card('GPU 0');
});
