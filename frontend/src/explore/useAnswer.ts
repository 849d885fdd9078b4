/** Asks the question that the address holds. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { askInstant, askRange, type Span } from '../api/metrics';
import type { Cluster, MetricsAnswer } from '../api/types';
import { now } from '../ui/clock';
import { namesIn, type Explore } from './address';
import { momentOf } from './moment';
import { spanOf } from './span';

export interface Answered {
  answer: MetricsAnswer;
  /** What was asked for, once `now` had become a time. */
  span: Span | null;
  askedAt: number;
}

/** Names become ids; an empty list asks the whole fleet, so unknown names must not lead to one. */
export function scopeOf(explore: Explore, clusters: readonly Cluster[]): { ids: string[]; unknown: string[] } {
  const byName = new Map(clusters.map((cluster) => [cluster.name, cluster.id]));
  const names = namesIn(explore.clusters);
  return {
    ids: names.flatMap((name) => byName.get(name) ?? []),
    unknown: names.filter((name) => !byName.has(name)),
  };
}

async function ask(explore: Explore, query: string, clusterIds: string[], signal: AbortSignal): Promise<Answered> {
  const askedAt = now() / 1000;
  if (explore.mode === 'instant') {
    const time = momentOf(explore.at ?? 'now', askedAt);
    if (time === null) throw new RangeError(`"${explore.at ?? ''}" is no time. Use now or an ISO time.`);
    return { answer: await askInstant({ query, clusterIds }, time, signal), span: null, askedAt };
  }
  const span = spanOf(explore, askedAt);
  if (typeof span === 'string') throw new RangeError(span);
  return { answer: await askRange({ query, clusterIds }, span, signal), span, askedAt };
}

export function useAnswer(explore: Explore, clusters: readonly Cluster[] | undefined) {
  const query = explore.q?.trim() ?? '';
  const { ids, unknown } = scopeOf(explore, clusters ?? []);
  const nobody = ids.length === 0 && unknown.length > 0;
  return useQuery({
    queryKey: ['metrics', explore, ids],
    queryFn: ({ signal }) => ask(explore, query, ids, signal),
    enabled: query !== '' && clusters !== undefined && !nobody,
    placeholderData: keepPreviousData,
    // A question is asked when a person asks it, not when a window gets the focus back.
    staleTime: Infinity,
    refetchOnReconnect: false,
    retry: false,
  });
}
