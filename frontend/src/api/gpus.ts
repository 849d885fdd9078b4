/** Questions about GPUs. Events keep the answers fresh (live/gpus.ts); polling carries what no event tells. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { gpuKeys } from '../live/gpus';
import { api, unwrap } from './client';
import type { paths } from './schema';

const POLL_MS = 30_000;
/** Whoever asks about one node has it read every few seconds. */
const LOOK_MS = 5000;
const HOURS_MS = 5 * 60_000;

type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;
export type NodesQuery = Query<'/api/v1/gpu/nodes'>;
export type WasteQuery = Query<'/api/v1/gpu/waste'>;

export const gpuNodesQuery = (query: NodesQuery) =>
  queryOptions({
    queryKey: [...gpuKeys.list, query],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/gpu/nodes', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

export const gpuSummaryQuery = (clusterIds: string[]) =>
  queryOptions({
    queryKey: [...gpuKeys.summary, clusterIds],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/gpu/summary', { params: { query: clusterIds.length > 0 ? { cluster_id: clusterIds } : {} }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

export const gpuNodeQuery = (cluster_id: string, node_name: string) =>
  queryOptions({
    queryKey: [...gpuKeys.one, cluster_id, node_name],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/gpu/nodes/{cluster_id}/{node_name}', { params: { path: { cluster_id, node_name } }, signal })),
    refetchInterval: LOOK_MS,
  });

/** `since` is given as the length of time until now, so that one view is one question. */
export const gpuHistoryQuery = (cluster_id: string, node_name: string, seconds: number) =>
  queryOptions({
    queryKey: [...gpuKeys.all, 'history', cluster_id, node_name, seconds],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/gpu/nodes/{cluster_id}/{node_name}/history', {
          params: { path: { cluster_id, node_name }, query: { since: new Date(Date.now() - seconds * 1000).toISOString() } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

export const gpuWasteQuery = (query: Omit<WasteQuery, 'since'>, seconds: number) =>
  queryOptions({
    queryKey: [...gpuKeys.all, 'waste', query, seconds],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/gpu/waste', {
          params: { query: { ...query, since: new Date(Date.now() - seconds * 1000).toISOString() } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: HOURS_MS,
  });
