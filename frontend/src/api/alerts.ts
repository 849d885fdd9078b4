/** Questions about alerts, and what people do with them. Events keep the answers fresh (live/alerts.ts). */
import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { alertKeys } from '../live/alerts';
import { api, unwrap } from './client';
import type { paths } from './schema';

/** What no event tells, such as an event that was lost on the way to the platform. */
const POLL_MS = 60_000;

type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;
export type ListQuery = Query<'/api/v1/alerts'>;
export type PastQuery = Query<'/api/v1/alerts/history'>;
export type GroupQuery = Query<'/api/v1/alerts/groups'>;

export const alertsQuery = (query: ListQuery) =>
  queryOptions({
    queryKey: [...alertKeys.list, 'active', query],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/alerts', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

export const pastAlertsQuery = (query: PastQuery) =>
  queryOptions({
    queryKey: [...alertKeys.list, 'past', query],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/alerts/history', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

export const alertGroupsQuery = (query: GroupQuery) =>
  queryOptions({
    queryKey: [...alertKeys.all, 'groups', query],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/alerts/groups', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

/** The same alert of several clusters is one group. */
export const sameAlertsQuery = (query: Omit<GroupQuery, 'by'>) =>
  queryOptions({
    queryKey: [...alertKeys.all, 'same', query],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/alerts/same', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });

/** One alert by its fingerprint, the newest of that cluster; or by its id, one of the times it fired. */
export const alertQuery = (fingerprint: string, clusterId: string | undefined) =>
  queryOptions({
    queryKey: [...alertKeys.one, fingerprint, clusterId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/alerts/{fingerprint}', {
          params: { path: { fingerprint }, query: clusterId === undefined ? {} : { cluster_id: clusterId } },
          signal,
        }),
      ),
    refetchInterval: POLL_MS,
  });

/** Firing, and nobody has muted it: what the rail and the title count. */
const firingQuery = queryOptions({
  queryKey: [...alertKeys.all, 'firing'],
  queryFn: ({ signal }) =>
    unwrap(
      api.GET('/api/v1/alerts', {
        params: { query: { state: ['FIRING'], silenced: false, inhibited: false, page_size: 1 } },
        signal,
      }),
    ),
  select: ({ by_severity: { CRITICAL = 0, WARNING = 0 } }) => ({ critical: CRITICAL, warning: WARNING }),
  refetchInterval: POLL_MS,
});

export const useFiring = () => useQuery(firingQuery).data ?? { critical: 0, warning: 0 };

/** Something done to one alert. What comes of it is asked for at once, though an event will tell it to all. */
function useDeed<Given, Answer>(act: (given: Given) => Promise<Answer>) {
  const cache = useQueryClient();
  return useMutation({ mutationFn: act, onSuccess: () => void cache.invalidateQueries({ queryKey: alertKeys.all }) });
}

export const useAcknowledge = () =>
  useDeed(({ id, note }: { id: string; note: string }) =>
    unwrap(api.POST('/api/v1/alerts/{id}/acknowledge', { params: { path: { id } }, body: { note } })),
  );

export const useRelease = () =>
  useDeed((id: string) => unwrap(api.DELETE('/api/v1/alerts/{id}/acknowledge', { params: { path: { id } } })));

export const useComment = () =>
  useDeed(({ id, text }: { id: string; text: string }) =>
    unwrap(api.POST('/api/v1/alerts/{id}/comments', { params: { path: { id } }, body: { text } })),
  );

export const useAssign = () =>
  useDeed(({ id, username }: { id: string; username: string | null }) =>
    unwrap(api.PUT('/api/v1/alerts/{id}/assignee', { params: { path: { id } }, body: { username } })),
  );
