/** A node's history as lines of a chart: one for each card, and for each slice where it has figures of its own. */
import type { Line } from '../../explore/line';
import type { GpuHistory } from '../../api/types';
import { placeOf } from '../places';

export const metrics = {
  busy: { words: 'In use', unit: '%', of: (unit: Unit) => unit.busy_percent },
  memory: { words: 'Memory', unit: 'GiB', of: (unit: Unit) => unit.memory_used_mb.map((mib) => (mib === null ? null : mib / 1024)) },
  power: { words: 'Power', unit: 'W', of: (unit: Unit) => unit.power_draw_watts },
  temperature: { words: 'Temperature', unit: '°C', of: (unit: Unit) => unit.temperature_celsius },
} as const;

type Unit = GpuHistory['series'][number];
export type Metric = keyof typeof metrics;

export const metricOf = (text: string | undefined): Metric => (Object.keys(metrics) as Metric[]).find((each) => each === text) ?? 'busy';

export const spans = [
  ['', 'Last hour', 3600],
  ['6h', 'Last 6 hours', 6 * 3600],
  ['1d', 'Last day', 24 * 3600],
  ['7d', 'Last 7 days', 7 * 24 * 3600],
  ['30d', 'Last 30 days', 30 * 24 * 3600],
  ['90d', 'Last 90 days', 90 * 24 * 3600],
] as const;

export const secondsOf = (text: string | undefined): number => (spans.find(([value]) => value === (text ?? '')) ?? spans[0])[2];

/** A time at which nothing was measured is a gap, and no nought: it has no point. */
export function linesOf(history: GpuHistory, metric: Metric): Line[] {
  const times = history.at.map((at) => Date.parse(at) / 1000);
  return history.series.flatMap((unit, place): Line[] => {
    const values = metrics[metric].of(unit);
    const known = values?.flatMap((value, index) => (value === null ? [] : [{ time: times[index] ?? NaN, value }])) ?? [];
    if (known.length === 0) return [];
    const name = `${placeOf(unit)}${unit.present ? '' : ' (gone)'}`;
    return [
      {
        series: { cluster: name, labels: { uuid: unit.gpu_uuid ?? `${place}` }, times: known.map(({ time }) => time), values: known.map(({ value }) => value) },
        text: `${metrics[metric].words} (${metrics[metric].unit})`,
        ink: { slot: place % 8, shade: Math.floor(place / 8) },
      },
    ];
  });
}
