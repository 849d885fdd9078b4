import { extentOf, layOut } from './plot';
import type { Series } from './series';

const series = (points: [number, number][]): Series => ({
  cluster: 'one',
  labels: {},
  times: points.map(([time]) => time),
  values: points.map(([, value]) => value),
});

test('a missing point breaks the line', () => {
  const plot = layOut([series([[0, 1], [10, 2], [40, 3]])], 10);
  expect(plot.times).toEqual([0, 10, 20, 40]);
  expect(plot.columns[0]).toEqual([1, 2, null, 3]);
});

test('a gap stays one where other series have points in it', () => {
  const plot = layOut([series([[0, 1], [30, 3]]), series([[0, 5], [10, 5], [20, 5], [30, 5]])], 10);
  expect(plot.columns[0]).toEqual([1, null, null, 3]);
});

test('points of clusters whose clocks are not aligned do not break each other', () => {
  const plot = layOut([series([[0, 1], [10, 2]]), series([[3, 5], [13, 6]])], 10);
  expect(plot.columns).toEqual([
    [1, undefined, 2, undefined],
    [undefined, 5, undefined, 6],
  ]);
});

test('what is not finite is a gap in the chart and kept in the extent', () => {
  const odd = series([[0, NaN], [10, Infinity], [20, 2]]);
  expect(layOut([odd], 10).columns[0]).toEqual([null, null, 2]);
  expect(extentOf(odd)).toEqual({ last: 2, min: 2, max: Infinity });
});
