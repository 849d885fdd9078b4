/** The chart itself: uPlot on a canvas, in our colours, with a crosshair and zoom by dragging. */
import 'uplot/dist/uPlot.min.css';
import './chart.css';

import { useEffect, useEffectEvent, useRef } from 'react';
import uPlot from 'uplot';

import type { Span } from '../api/metrics';
import { useTheme } from '../ui/theme';
import { counted } from '../ui/words';
import { chartOptions } from './chartOptions';
import { keyOf, type Line } from './line';
import { layOut } from './plot';

interface ChartProps {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  span: Span;
  onZoom: (start: number, end: number) => void;
}

const HEIGHT = 340;

function inWords(lines: readonly Line[], span: Span): string {
  const clusters = new Set(lines.map(({ series }) => series.cluster));
  const minutes = Math.round((span.end - span.start) / 60);
  return `Chart of ${counted(lines.length, 'series', 'series')} from ${[...clusters].join(', ')} over ${counted(minutes, 'minute')}. The legend and the data table below hold its values.`;
}

export function Chart({ lines, hidden, span, onZoom }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const dark = useTheme((theme) => theme.dark);
  const zoom = useEffectEvent(onZoom);
  const showOrHide = useEffectEvent((plot: uPlot) => {
    plot.batch(() => {
      lines.forEach((line, index) => {
        const show = !hidden.has(keyOf(line));
        if (plot.series[index + 1]?.show !== show) plot.setSeries(index + 1, { show });
      });
    });
  });
  // Lines are worked out at each render; only another answer or theme draws a new chart.
  const identity = JSON.stringify([span, lines.map((line) => [keyOf(line), line.ink])]);
  const linesNow = useEffectEvent(() => lines);
  const spanNow = useEffectEvent(() => span);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const drawn = linesNow();
    const { times, columns } = layOut(drawn.map((line) => line.series), spanNow().step);
    const options = chartOptions(element, drawn, spanNow(), (start, end) => {
      zoom(start, end);
    });
    const plot = new uPlot({ ...options, width: element.clientWidth, height: HEIGHT }, [times, ...columns], element);
    chart.current = plot;
    showOrHide(plot);
    const resized = new ResizeObserver(() => {
      plot.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.current = null;
      plot.destroy();
    };
  }, [identity, dark]);

  useEffect(() => {
    if (chart.current) showOrHide(chart.current);
  }, [hidden]);

  return <div ref={host} role="img" aria-label={inWords(lines, span)} style={{ height: HEIGHT }} className="overflow-hidden" />;
}
