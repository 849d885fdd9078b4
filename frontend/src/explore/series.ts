/** From the answers of many clusters to series and rows, every value kept, non-finite ones included. */
import type { ClusterResult } from '../api/types';

export type Labels = Record<string, string>;
type Sample = readonly [time: number, value: string];

interface Item {
  metric?: Labels;
  value?: Sample;
  values?: readonly Sample[];
}

export interface Series {
  cluster: string;
  labels: Labels;
  times: number[];
  values: number[];
}

export interface Row {
  cluster: string;
  labels: Labels;
  time: number;
  /** As Prometheus wrote it. */
  value: string;
}

/** Prometheus writes `+Inf`, which Number() does not read. */
export function numberOf(text: string): number {
  if (/^\+?Inf$/.test(text)) return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}

const itemsOf = (result: ClusterResult): readonly Item[] =>
  (result.result_type === 'MATRIX' || result.result_type === 'VECTOR') && Array.isArray(result.data)
    ? (result.data as Item[])
    : [];

export function seriesOf(results: readonly ClusterResult[]): Series[] {
  return results.flatMap((result) =>
    itemsOf(result).flatMap(({ metric = {}, values }) =>
      values === undefined
        ? []
        : {
            cluster: result.cluster_name,
            labels: metric,
            times: values.map(([time]) => time),
            values: values.map(([, value]) => numberOf(value)),
          },
    ),
  );
}

function rowOf(cluster: string, { metric = {}, value, values }: Item): Row[] {
  const last = value ?? values?.at(-1);
  if (last === undefined) return [];
  const many = values !== undefined && values.length > 1 ? ` (last of ${values.length})` : '';
  return [{ cluster, labels: metric, time: last[0], value: `${last[1]}${many}` }];
}

export function rowsOf(results: readonly ClusterResult[]): Row[] {
  return results.flatMap((result) => {
    const single = result.result_type === 'SCALAR' || result.result_type === 'STRING';
    if (single && Array.isArray(result.data)) return rowOf(result.cluster_name, { value: result.data as unknown as Sample });
    return itemsOf(result).flatMap((item) => rowOf(result.cluster_name, item));
  });
}

/** Native histograms hold no plain value; how many there are is said rather than hidden. */
export const histogramsIn = (results: readonly ClusterResult[]): number =>
  results.flatMap(itemsOf).filter(({ value, values }) => value === undefined && values === undefined).length;

/** The labels that all of several series share: said once above, not in every row. */
export function commonLabels(all: readonly { labels: Labels }[]): Labels {
  const [first, ...rest] = all;
  if (!first || rest.length === 0) return {};
  return Object.fromEntries(
    Object.entries(first.labels).filter(
      ([name, value]) => name !== '__name__' && rest.every(({ labels }) => labels[name] === value),
    ),
  );
}

/** `name{label="value"}`, without the labels told elsewhere. */
export function labelText(labels: Labels, told: Labels = {}): string {
  const { __name__: name = '', ...others } = labels;
  const pairs = Object.entries(others)
    .filter(([label]) => !(label in told))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  if (pairs.length === 0) return name || '{}';
  return `${name}{${pairs.join(', ')}}`;
}
