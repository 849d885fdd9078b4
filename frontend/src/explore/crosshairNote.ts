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

/** Beside the pointer, on the side where there is room. */
function place(note: HTMLElement, plot: uPlot, left: number, top: number): void {
  const { clientWidth, clientHeight } = plot.over;
  const onTheLeft = left > clientWidth / 2;
  note.style.left = onTheLeft ? '' : `${left + 12}px`;
  note.style.right = onTheLeft ? `${clientWidth - left + 12}px` : '';
  note.style.top = `${Math.max(0, Math.min(top, clientHeight - 44))}px`;
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
        const { left = -1, top = -1 } = plot.cursor;
        const index = plot.cursor.idx ?? -1;
        const time = plot.data[0][index];
        const found = time === undefined ? null : nearest(plot, lines, index, top);
        note.hidden = found === null;
        if (found === null || time === undefined) return;
        const { line, value } = found;
        note.textContent = `${line.series.cluster} ${line.text}: ${figure(value)} · ${absolute(time * 1000)}`;
        place(note, plot, left, top);
      },
    },
  };
}
