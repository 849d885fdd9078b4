/** A few nodes with GPUs for the tests, and what a platform that holds them answers. */
import { http, HttpResponse } from 'msw';

import type { Gpu, GpuClaim, GpuHistory, GpuNode, GpuNodeDetail, GpuSlice, GpuSummary, GpuWaste } from '../api/types';
import type { LiveEvent } from '../live/events';
import { oregon } from './fixtures';
import { page, server } from './server';

export const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

const NO_ERRORS = { corrected: 0, uncorrected: 0 };

export const holderOf = (pod: string, namespace = 'ml-train'): Gpu['holders'][number] => ({ namespace, pod, container: 'main', certain: true });

export const gpuOf = (index: number, changes: Partial<Gpu> = {}): Gpu => ({
  index,
  uuid: `GPU-${index}`,
  name: 'NVIDIA H100 80GB HBM3',
  driver_version: '550.90.07',
  cuda_version: '12.4',
  memory_total_mb: 81_920,
  memory_used_mb: 40_960,
  memory_free_mb: 40_960,
  utilization_gpu_percent: 83,
  utilization_memory_percent: 35,
  busy_percent: 83,
  temperature_celsius: 64,
  power_draw_watts: 512.3,
  power_limit_watts: 700,
  fan_speed_percent: null,
  ecc_errors: { volatile: NO_ERRORS, aggregate: NO_ERRORS },
  throttle_reasons: [],
  xid_errors: [],
  mig_enabled: false,
  mig_instances: [],
  processes: [],
  processes_left_out: 0,
  holders: [holderOf('train-0')],
  allocated: 1,
  shared: false,
  health: 'OK',
  findings: [],
  errors: [],
  ...changes,
});

export const sliceOf = (gpu_instance_id: number, changes: Partial<GpuSlice> = {}): GpuSlice => ({
  gpu_instance_id,
  compute_instance_id: 0,
  index: gpu_instance_id,
  uuid: `MIG-${gpu_instance_id}`,
  profile: '3g.40gb',
  memory_total_mb: 40_960,
  memory_used_mb: 10_240,
  memory_free_mb: 30_720,
  utilization_gpu_percent: 12,
  holders: [],
  ...changes,
});

export const nodeOf = (node_name: string, gpus: Gpu[], changes: Partial<GpuNode> = {}): GpuNode => ({
  cluster_id: oregon.id,
  cluster_name: oregon.name,
  node_name,
  gpus,
  source: 'DCGM',
  last_updated: ago(0.2),
  stale: false,
  errors: [],
  findings: [],
  ...changes,
});

export const detailOf = (node: GpuNode, changes: Partial<GpuNodeDetail> = {}): GpuNodeDetail => ({
  ...node,
  attached: node.gpus.length,
  lost: [],
  missing: [],
  claims: [],
  ...changes,
});

const figures = {
  gpus: 8,
  stale: 0,
  missing: 0,
  lost: 0,
  by_health: { CRITICAL: 1, WARNING: 0, INFO: 0, OK: 7 },
  allocated: 6.5,
  free: 1,
  idle: 2,
  shared: 1,
  in_slices: 1,
  busy_percent: 48.2,
  busy_measured: 7,
  memory_used_mb: 327_680,
  memory_total_mb: 655_360,
  power_draw_watts: 3412.5,
  power_limit_watts: 5600,
  power_measured: 8,
};

export const clusterFigures = (changes: Partial<GpuSummary['by_cluster'][number]> = {}): GpuSummary['by_cluster'][number] => ({
  ...figures,
  cluster_id: oregon.id,
  cluster_name: oregon.name,
  coverage: 'READ',
  source: 'DCGM',
  last_updated: ago(0.2),
  problem: '',
  missing_metrics: [],
  nodes: 1,
  stale_nodes: 0,
  gpus_in_kubernetes: 8,
  ...changes,
});

export const summaryOf = (changes: Partial<GpuSummary> = {}): GpuSummary => ({
  ...figures,
  at: ago(0),
  nodes: 1,
  stale_nodes: 0,
  coverage: { clusters: 3, read: 1, stale: 0, silent: 0, unknown: 0, without_gpus: 2 },
  findings: [],
  by_model: [{ ...figures, model: 'NVIDIA H100 80GB HBM3' }],
  by_mig_profile: [],
  by_cluster: [clusterFigures()],
  ...changes,
});

export const noGpus = summaryOf({ gpus: 0, nodes: 0, by_cluster: [], by_model: [] });

const place = {
  cluster_id: oregon.id,
  cluster_name: oregon.name,
  node_name: 'gpu-worker-01',
  gpu_index: 0,
  gpu_uuid: 'GPU-0',
  gpu_name: 'NVIDIA H100 80GB HBM3',
  gpu_instance_id: null,
  compute_instance_id: null,
};

export const claimOf = (pod: string, changes: Partial<GpuClaim> = {}): GpuClaim => ({
  ...place,
  profile: null,
  weight: 1,
  namespace: 'ml-train',
  pod,
  container: 'main',
  owner: pod.replace(/-\d+$/, ''),
  since: ago(600),
  idle_since: null,
  idle_gpu_hours: null,
  holds_memory: null,
  holders: 1,
  stale: false,
  ...changes,
});

export const historyOf = (changes: Partial<GpuHistory> = {}): GpuHistory => ({
  cluster_id: oregon.id,
  cluster_name: oregon.name,
  node_name: 'gpu-worker-01',
  since: ago(60),
  until: ago(0),
  resolution_seconds: 15,
  at: [],
  series: [],
  changes: [],
  ...changes,
});

const hoursOf = (held: number, used: number, wasted: number) => ({
  held_gpu_hours: held,
  used_gpu_hours: used,
  wasted_gpu_hours: wasted,
  unmeasured_gpu_hours: held - used - wasted,
  kwh: 12.5,
  cost: null,
  wasted_cost: null,
  energy_cost: null,
});

export const wasteOf = (changes: Partial<GpuWaste> = {}): GpuWaste => {
  const of = { cluster_id: oregon.id, cluster_name: oregon.name };
  return {
    ...hoursOf(100, 60, 40),
    since: ago(7 * 24 * 60),
    until: ago(0),
    added_up_until: ago(4),
    currency: null,
    by_model: [{ ...hoursOf(100, 60, 40), model: 'NVIDIA H100 80GB HBM3' }],
    by_cluster: [{ ...of, ...hoursOf(100, 60, 40) }],
    by_namespace: [{ ...of, ...hoursOf(50, 20, 30), namespace: 'ml-notebooks' }, { ...of, ...hoursOf(50, 40, 10), namespace: 'ml-train' }],
    namespaces: 2,
    by_owner: [{ ...of, ...hoursOf(50, 20, 30), namespace: 'ml-notebooks', owner: 'jupyter-ada' }],
    owners: 1,
    idle: [{ ...claimOf('jupyter-ada-0', { owner: 'jupyter-ada', namespace: 'ml-notebooks', idle_since: ago(180), idle_gpu_hours: 3, holds_memory: true }), idle_cost: null }],
    idle_holds: 1,
    idle_gpus: 1,
    ...changes,
  };
};

/** A platform with these nodes, which may change; it tells what it was asked. */
export function holdingGpus(...nodes: GpuNode[]) {
  const held = { nodes, asked: [] as URLSearchParams[], totals: 0 };
  server.use(
    http.get('*/api/v1/gpu/nodes', ({ request }) => {
      held.asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(page(held.nodes));
    }),
    http.get('*/api/v1/gpu/summary', () => {
      held.totals += 1;
      return HttpResponse.json(summaryOf());
    }),
    http.get('*/api/v1/gpu/nodes/:cluster/:node/history', () => HttpResponse.json(historyOf())),
    http.get('*/api/v1/gpu/nodes/:cluster/:node', ({ params }) => {
      const found = held.nodes.find(({ node_name }) => node_name === params.node);
      return found ? HttpResponse.json(detailOf(found)) : new HttpResponse(null, { status: 404 });
    }),
    http.get('*/api/v1/gpu/waste', () => HttpResponse.json(wasteOf())),
  );
  return held;
}

let count = 1;

export function gpuEvent(node: GpuNode): LiveEvent {
  count += 1;
  return {
    event_id: `${count}-7`,
    event_type: 'GPU_UPDATE',
    source: 'observability',
    cluster_id: node.cluster_id,
    cluster_name: node.cluster_name,
    timestamp: new Date().toISOString(),
    payload: { ...node, gpus: node.gpus.map((gpu) => ({ ...gpu, processes_left_out: gpu.processes_left_out ?? 0 })) },
  };
}
