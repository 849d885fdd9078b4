/** How much of the fleet an answer covers, in words. */
import type { ClusterResult, MetricsAnswer } from '../api/types';

const words = {
  SUCCESS: 'answered',
  ERROR: 'failed',
  TIMEOUT: 'timed out',
  PARTIAL: 'answered in part',
  SKIPPED: 'was not asked',
} as const satisfies Record<ClusterResult['status'], string>;

export function failureWords({ cluster_name, status, error }: ClusterResult): string {
  return `${cluster_name} ${words[status]}${error ? `: ${error.message}` : ''}`;
}

export const missing = (answer: MetricsAnswer): ClusterResult[] =>
  answer.results.filter(({ status }) => status !== 'SUCCESS');

export const coverageWords = (answer: MetricsAnswer): string =>
  `${answer.clusters_succeeded} of ${answer.clusters_queried} answered`;
