/** Questions about clusters. Events keep the answers fresh (live/apply.ts); polling carries what no event tells. */
import { queryOptions, replaceEqualDeep, useMutation } from '@tanstack/react-query';

import { settle } from '../live/apply';
import { api, unwrap } from './client';
import type { Cluster } from './types';

const POLL_MS = 30_000;
const PAGE_SIZE = 100;

async function clusterPage(page: number, signal: AbortSignal) {
  return unwrap(api.GET('/api/v1/clusters', { params: { query: { page, page_size: PAGE_SIZE } }, signal }));
}

async function allClusters(signal: AbortSignal): Promise<Cluster[]> {
  const first = await clusterPage(1, signal);
  const rest = Array.from({ length: Math.max(0, first.total_pages - 1) }, (_, index) => clusterPage(index + 2, signal));
  return [first, ...(await Promise.all(rest))].flatMap((page) => page.items);
}

export const keys = {
  clusters: ['clusters'] as const,
  cluster: (name: string) => ['cluster', name] as const,
  summary: ['fleet-summary'] as const,
  history: (id: string) => ['health-history', id] as const,
};

/**
 * An answer that was under way while an event arrived is older than that event.
 * What comes out the same must be the same object: a query that gives a new one each time renders without end.
 */
const settled = (known: Cluster[] | undefined, fresh: Cluster[]): Cluster[] =>
  replaceEqualDeep(known, settle(known, fresh));

export const clustersQuery = queryOptions({
  queryKey: keys.clusters,
  queryFn: ({ signal }) => allClusters(signal),
  refetchInterval: POLL_MS,
  structuralSharing: (known, fresh) => settled(known as Cluster[] | undefined, fresh as Cluster[]),
});

export const clusterQuery = (name: string) =>
  queryOptions({
    queryKey: keys.cluster(name),
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/clusters/by-name/{name}', { params: { path: { name } }, signal })),
    refetchInterval: POLL_MS,
    structuralSharing: (known, fresh) =>
      settled(known === undefined ? undefined : [known as Cluster], [fresh as Cluster])[0],
  });

export const summaryQuery = queryOptions({
  queryKey: keys.summary,
  queryFn: ({ signal }) => unwrap(api.GET('/api/v1/fleet/summary', { signal })),
  refetchInterval: POLL_MS,
});

/** The newest checks first. `checkedAt` makes it ask again as soon as a newer check is known of. */
export const historyQuery = (id: string, checkedAt: string | null) =>
  queryOptions({
    queryKey: [...keys.history(id), checkedAt],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/clusters/{id}/health-history', {
          params: { path: { id }, query: { page_size: PAGE_SIZE } },
          signal,
        }),
      ),
    placeholderData: (previous) => previous,
  });

export const useCheckNow = (id: string) =>
  useMutation({
    mutationFn: () => unwrap(api.POST('/api/v1/clusters/{id}/refresh', { params: { path: { id } } })),
  });
