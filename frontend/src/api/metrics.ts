/** One PromQL question to many clusters. */
import { api, unwrap } from './client';
import type { MetricsAnswer } from './types';

export interface Asked {
  query: string;
  /** Empty asks every enabled cluster. */
  clusterIds: string[];
}

export interface Span {
  /** Unix seconds. */
  start: number;
  end: number;
  step: number;
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

export const askRange = (asked: Asked, span: Span, signal: AbortSignal): Promise<MetricsAnswer> =>
  unwrap(
    api.POST('/api/v1/metrics/query_range', {
      body: {
        query: asked.query,
        cluster_ids: asked.clusterIds,
        start_time: iso(span.start),
        end_time: iso(span.end),
        step: String(span.step),
      },
      signal,
    }),
  );

export const askInstant = (asked: Asked, time: number, signal: AbortSignal): Promise<MetricsAnswer> =>
  unwrap(
    api.POST('/api/v1/metrics/query', {
      body: { query: asked.query, cluster_ids: asked.clusterIds, time: iso(time) },
      signal,
    }),
  );
