import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';

import type { Capabilities } from '../api/types';
import { hub } from '../testing/fixtures';
import { openClient, statusEvent } from '../testing/harness';
import { page, server } from '../testing/server';

const found: Capabilities = {
  platform: 'KUBERNETES',
  platform_version: 'v1.34.2',
  kubernetes_version: 'v1.34.2',
  node_count: 4,
  has_gpu_nodes: true,
  gpu_count: 32,
  gpu_types: ['NVIDIA-H100-80GB-HBM3'],
  has_prometheus: true,
  has_thanos: false,
  has_tempo: null,
  has_loki: null,
  has_service_mesh: false,
  has_cnf_workloads: true,
  cnf_types: ['VDU'],
  evidence: { gpu_count: '32 of NVIDIA-H100-80GB-HBM3 in 4 nodes.', has_tempo: 'Our token may not read the services (403).' },
  suggested_endpoints: {},
  discovered_at: '2026-01-31T12:00:00Z',
};

const serveHub = (capabilities: Capabilities | null) => {
  server.use(
    http.get('*/api/v1/clusters/by-name/:name', () => HttpResponse.json({ ...hub, capabilities })),
    http.get('*/api/v1/clusters', () => HttpResponse.json(page([{ ...hub, capabilities }]))),
  );
};

const panel = async () => within(await screen.findByRole('region', { name: 'What is there' }));
const row = async (name: string) => {
  const rows = (await panel()).getAllByRole('listitem');
  const one = rows.find((item) => item.textContent.startsWith(name));
  if (!one) throw new Error(`There is no row ${name}.`);
  return one;
};

test('it tells what is there, with the evidence on demand', async () => {
  serveHub(found);
  openClient('/clusters/hub-frankfurt');
  const gpus = await row('GPUs');
  expect(gpus).toHaveTextContent('32 · NVIDIA-H100-80GB-HBM3');
  expect(within(gpus).getByText(/in 4 nodes/)).not.toBeVisible();
  expect(await row('CNFs')).toHaveTextContent('VDU');
});

test('what is unknown is said as such, with why', async () => {
  serveHub(found);
  openClient('/clusters/hub-frankfurt');
  const tempo = await row('Tempo');
  expect(tempo).toHaveTextContent('unknown');
  expect(within(tempo).getByText(/may not read the services/)).toBeVisible();
  expect(await row('Thanos')).toHaveTextContent('no');
});

test('it follows the event', async () => {
  serveHub(null);
  const { line } = openClient('/clusters/hub-frankfurt');
  await screen.findByText('Live');
  expect((await panel()).getByText(/Not discovered yet/)).toBeInTheDocument();
  line.send({ ...statusEvent(hub, hub.status), event_type: 'CLUSTER_CAPABILITIES_CHANGED', payload: { capabilities: found } });
  await waitFor(async () => {
    expect(await row('Nodes')).toHaveTextContent('4');
  });
});

test('the card tells the version and the number of nodes', async () => {
  serveHub(found);
  openClient();
  const card = within(await screen.findByRole('article'));
  expect(card.getByText('v1.34.2')).toBeInTheDocument();
  expect(card.getByText('Nodes').nextSibling).toHaveTextContent('4');
});
