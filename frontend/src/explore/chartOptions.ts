/** How uPlot is to draw our lines. */
import type uPlot from 'uplot';

import type { Span } from '../api/metrics';
import { inkCss } from './colours';
import { crosshairNote } from './crosshairNote';
import { axisFigure } from './figures';
import type { Line } from './line';

/** A canvas knows no CSS variables: an element resolves them first. */
function resolver(host: HTMLElement): { colour: (css: string) => string; done: () => void } {
  const probe = document.createElement('span');
  host.append(probe);
  return {
    colour: (css) => {
      probe.style.color = css;
      return getComputedStyle(probe).color;
    },
    done: () => {
      probe.remove();
    },
  };
}

const FONT = "12px 'Inter Variable', system-ui, sans-serif";
const SMALLEST_DRAG = 5;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { day: '2-digit', month: 'short' });

/** Ticks within a day are clock times; where the day changes, its date stands below. */
function timeTicks(ticks: number[], foundIncr: number): string[] {
  let shown = '';
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const today = day.format(date);
    if (foundIncr >= 86_400) return today;
    const time = (foundIncr < 60 ? clockSeconds : clock).format(date);
    const label = shown !== '' && today !== shown ? `${time}\n${today}` : time;
    shown = today;
    return label;
  });
}

/** A point between two gaps has no line to be seen by; it alone is drawn as a point. */
const lonely: uPlot.Series.Points.Filter = (plot, index) => {
  const column = Array.from<number | null | undefined>(plot.data[index] ?? []);
  // undefined is another series' point in time: the neighbours that count are beyond it.
  const known = column.flatMap((value, at) => (value === undefined ? [] : { value, at }));
  return known.flatMap(({ value, at }, place) =>
    value !== null && known[place - 1]?.value == null && known[place + 1]?.value == null ? at : [],
  );
};

export function chartOptions(
  host: HTMLElement,
  lines: readonly Line[],
  span: Span,
  onZoom: (start: number, end: number) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const { colour, done } = resolver(host);
  const axis = { stroke: colour('var(--muted)'), font: FONT, ticks: { show: false } };
  const grid = { stroke: colour('var(--line)'), width: 1 };
  const series = lines.map(({ ink, text, series: { cluster } }) => ({
    label: `${cluster} ${text}`,
    stroke: colour(inkCss(ink)),
    width: 1.5,
    points: { show: true, size: 4, filter: lonely },
  }));
  done();
  return {
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      focus: { prox: 24 },
    },
    scales: { x: { time: true, range: () => [span.start, span.end] } },
    series: [{}, ...series],
    axes: [
      { ...axis, grid: { show: false }, values: (_, ticks, __, ___, foundIncr) => timeTicks(ticks, foundIncr) },
      { ...axis, grid, size: 56, values: (_, ticks) => ticks.map(axisFigure) },
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < SMALLEST_DRAG) return;
          const [start, end] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom(start, end);
        },
      ],
    },
    plugins: [crosshairNote(lines)],
  };
}
