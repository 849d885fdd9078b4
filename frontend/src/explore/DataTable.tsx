/** The chart's data as a table: the way to it for those who do not see a chart. */
import { useState } from 'react';

import { absolute } from '../ui/clock';
import { counted } from '../ui/words';
import { figure } from './figures';
import { keyOf, type Line } from './line';

const MOST_COLUMNS = 12;

function Table({ lines }: { lines: readonly Line[] }) {
  const columns = lines.slice(0, MOST_COLUMNS);
  const values = columns.map(({ series }) => new Map(series.times.map((time, index) => [time, series.values[index] ?? null])));
  const times = [...new Set(columns.flatMap(({ series }) => series.times))].sort((one, other) => other - one);
  return (
    <>
      {lines.length > MOST_COLUMNS && (
        <p className="px-3 pb-2 text-sm text-muted">
          The first {MOST_COLUMNS} of {counted(lines.length, 'line')}; hide others in the legend to see more.
        </p>
      )}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table has to be reachable by keyboard */}
      <div className="relative max-h-96 overflow-auto" tabIndex={0} role="region" aria-label="Data">
        <table className="num w-full text-sm">
          <thead className="sticky top-0 bg-raised">
            <tr className="text-left align-bottom text-xs text-muted">
              <th className="px-3 py-1.5 font-medium">Time</th>
              {columns.map((line) => (
                <th key={keyOf(line)} className="px-3 py-1.5 text-right font-medium">
                  {line.series.cluster} <code className="font-mono">{line.text}</code>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((time) => (
              <tr key={time} className="border-t border-line">
                <th scope="row" className="px-3 py-1 text-left font-normal whitespace-nowrap">
                  {absolute(time * 1000)}
                </th>
                {values.map((at, index) => (
                  <td key={index} className="px-3 py-1 text-right">
                    {figure(at.get(time) ?? null)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

export function DataTable({ lines }: { lines: readonly Line[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className="border-t border-line"
      onToggle={({ currentTarget }) => {
        setOpen(currentTarget.open);
      }}
    >
      <summary className="cursor-pointer px-3 py-2 text-sm">Data as a table</summary>
      {open && <Table lines={lines} />}
    </details>
  );
}
