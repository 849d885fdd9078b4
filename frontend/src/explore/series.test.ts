import type { ClusterResult } from '../api/types';
import { commonLabels, histogramsIn, labelText, numberOf, rowsOf, seriesOf } from './series';

const result = (result_type: ClusterResult['result_type'], data: unknown): ClusterResult => ({
  cluster_id: 'id',
  cluster_name: 'one',
  status: 'SUCCESS',
  result_type,
  data,
  error: null,
  query_time_ms: 1,
  cached: false,
  age_seconds: 0,
});

test('numbers are read as Prometheus writes them', () => {
  expect(['1e3', '+Inf', 'Inf', '-Inf', 'NaN'].map(numberOf)).toEqual([1000, Infinity, Infinity, -Infinity, NaN]);
});

test('each series keeps its cluster, and every value', () => {
  const [series] = seriesOf([result('MATRIX', [{ metric: { a: 'b' }, values: [[1, '2'], [2, 'NaN']] }])]);
  expect(series).toEqual({ cluster: 'one', labels: { a: 'b' }, times: [1, 2], values: [2, NaN] });
});

test('scalars and strings are rows like any other', () => {
  expect(rowsOf([result('SCALAR', [7, '42']), result('STRING', [7, 'text'])]).map(({ value }) => value)).toEqual(['42', 'text']);
});

test('a range as the answer of an instant is told by its last value', () => {
  expect(rowsOf([result('MATRIX', [{ metric: {}, values: [[1, '5'], [2, '6']] }])])[0]?.value).toBe('6 (last of 2)');
});

test('native histograms are counted, not lost', () => {
  expect(histogramsIn([result('VECTOR', [{ metric: {}, histogram: [1, {}] }])])).toBe(1);
});

test('what all series share is said once', () => {
  const all = [{ labels: { __name__: 'up', job: 'node', i: '1' } }, { labels: { __name__: 'up', job: 'node', i: '2' } }];
  const shared = commonLabels(all);
  expect(shared).toEqual({ job: 'node' });
  expect(labelText(all[0]?.labels ?? {}, shared)).toBe('up{i="1"}');
  expect(labelText({ a: 'say "x"' })).toBe('{a="say \\"x\\""}');
});
