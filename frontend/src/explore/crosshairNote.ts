/** The note beside the crosshair: the time, and the line that is nearest to the pointer. */
import type uPlot from 'uplot';

import { absolute } from '../ui/clock';
import { figure } from './figures';
import type { Line } from './line';

interface Found {
  line: Line;
  value: number;
  top: number;
}

function nearest(plot: uPlot, lines: readonly Line[], index: number, pointerTop: number): Found | null {
  let best: Found | null = null;
  lines.forEach((line, at) => {
    const value = plot.data[at + 1]?.[index];
    if (plot.series[at + 1]?.show !== true || value === null || value === undefined) return;
    const top = plot.valToPos(value, 'y');
    if (best === null || Math.abs(top - pointerTop) < Math.abs(best.top - pointerTop)) best = { line, value, top };
  });
  return best;
}

export function crosshairNote(lines: readonly Line[]): uPlot.Plugin {
  const note = document.createElement('div');
  note.className = 'chart-note';
  note.hidden = true;
  return {
    hooks: {
      init: (plot) => {
        plot.over.append(note);
      },
      setCursor: (plot) => {
        const { left = -1, top = -1, idx } = plot.cursor;
        const found = left < 0 || idx === null || idx === undefined ? null : nearest(plot, lines, idx, top);
        note.hidden = found === null;
        if (found === null || idx === null || idx === undefined) return;
        const { line, value } = found;
        note.textContent = `${line.series.cluster} ${line.text}: ${figure(value)} · ${absolute((plot.data[0][idx] ?? 0) * 1000)}`;
        const right = left > plot.over.clientWidth / 2;
        note.style.left = right ? '' : `${left + 12}px`;
        note.style.right = right ? `${plot.over.clientWidth - left + 12}px` : '';
        note.style.top = `${Math.max(0, Math.min(top, plot.over.clientHeight - 44))}px`;
      },
    },
  };
}
