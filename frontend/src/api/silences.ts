/** Silences of the Alertmanagers of all clusters. They are theirs, and are asked for each time. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { alertKeys } from '../live/alerts';
import { api, unwrap } from './client';
import { problemOf } from './problem';
import type { paths } from './schema';

const POLL_MS = 30_000;

const silenceKeys = { all: ['silences'] as const };

export type SilenceQuery = NonNullable<paths['/api/v1/alerts/silences']['get']['parameters']['query']>;
type Made = NonNullable<paths['/api/v1/alerts/silences']['post']['requestBody']>['content']['application/json'];
export type SilenceMatcher = NonNullable<Made['matchers']>[number];

export const silencesQuery = (query: SilenceQuery) =>
  queryOptions({
    queryKey: [...silenceKeys.all, 'list', query],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/alerts/silences', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

/** Which alerts these matchers would silence now. It asks nothing of the clusters. */
export const previewQuery = (clusterIds: string[], matchers: SilenceMatcher[]) =>
  queryOptions({
    queryKey: [...silenceKeys.all, 'preview', clusterIds, matchers],
    queryFn: ({ signal }) =>
      unwrap(api.POST('/api/v1/alerts/silences/preview', { body: { cluster_ids: clusterIds, matchers }, signal })),
    placeholderData: keepPreviousData,
    enabled: clusterIds.length > 0 && matchers.length > 0,
    retry: false,
  });

function useSilencing<Given, Answer>(act: (given: Given) => Promise<Answer>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: silenceKeys.all });
      void cache.invalidateQueries({ queryKey: alertKeys.all });
    },
  });
}

export const useSilence = () => useSilencing((body: Made) => unwrap(api.POST('/api/v1/alerts/silences', { body })));

export const useExpire = () =>
  useSilencing(async ({ clusterId, id }: { clusterId: string; id: string }) => {
    const { response, error } = await api.DELETE('/api/v1/alerts/silences/{cluster_id}/{id}', {
      params: { path: { cluster_id: clusterId, id } },
    });
    if (!response.ok) throw problemOf(response, error);
  });
