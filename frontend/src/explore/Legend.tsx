/** The legend: what each line is, its last, least and most; a click hides or shows it. */
import { Button } from '../ui/Button';
import { cx } from '../ui/classes';
import { keyOf, type Line } from './line';
import { inkCss } from './colours';
import { figure } from './figures';
import { extentOf } from './plot';

interface LegendProps {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  onHide: (hidden: ReadonlySet<string>) => void;
  /** What tells the lines apart, besides their series. */
  head?: string;
}

const cell = 'num px-3 py-0.5 text-right whitespace-nowrap max-sm:px-2';

function Row({ line, off, onToggle }: { line: Line; off: boolean; onToggle: (alone: boolean) => void }) {
  const { last, min, max } = extentOf(line.series);
  return (
    <tr className={cx('border-t border-line hover:bg-hover', off && 'text-muted')}>
      <td className="py-0.5 pl-2 sm:whitespace-nowrap">
        <button
          type="button"
          aria-pressed={!off}
          title="Click to hide or show, Ctrl or Cmd and click to show alone"
          className="flex min-h-7 items-center gap-2 rounded px-1"
          onClick={(event) => {
            onToggle(event.ctrlKey || event.metaKey);
          }}
        >
          <span
            className="h-1 w-4 rounded-full border"
            style={{ borderColor: inkCss(line.ink), backgroundColor: off ? 'transparent' : inkCss(line.ink) }}
            aria-hidden
          />
          {line.series.cluster}
          <span className="sr-only">{line.text}</span>
        </button>
        <code className="block pb-1 pl-7 font-mono text-xs break-all sm:hidden">{line.text}</code>
      </td>
      <td className="w-full px-3 py-0.5 max-sm:hidden">
        <code className="font-mono text-xs break-all">{line.text}</code>
      </td>
      <td className={cell}>{figure(last)}</td>
      <td className={cx(cell, 'max-sm:hidden')}>{figure(min)}</td>
      <td className={cell}>{figure(max)}</td>
    </tr>
  );
}

function Head({ first }: { first: string }) {
  return (
    <thead className="sticky top-0 bg-raised">
      <tr className="text-left text-xs text-muted">
        <th className="px-3 py-1.5 font-medium max-sm:w-full">{first}</th>
        <th className="px-3 py-1.5 font-medium max-sm:hidden">Series</th>
        <th className={cx(cell, 'py-1.5 font-medium')}>Last</th>
        <th className={cx(cell, 'py-1.5 font-medium max-sm:hidden')}>Min</th>
        <th className={cx(cell, 'py-1.5 font-medium')}>Max</th>
      </tr>
    </thead>
  );
}

export function Legend({ lines, hidden, onHide, head = 'Cluster' }: LegendProps) {
  const toggle = (line: Line, alone: boolean) => {
    const key = keyOf(line);
    if (alone) {
      onHide(new Set(lines.map(keyOf).filter((other) => other !== key)));
      return;
    }
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    onHide(next);
  };
  return (
    <div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table has to be reachable by keyboard */}
      <div className="relative max-h-96 overflow-auto border-t border-line" tabIndex={0} role="region" aria-label="Legend">
        <table className="w-full text-sm">
          <Head first={head} />
          <tbody>
            {lines.map((line, index) => (
              <Row
                key={index}
                line={line}
                off={hidden.has(keyOf(line))}
                onToggle={(alone) => {
                  toggle(line, alone);
                }}
              />
            ))}
          </tbody>
        </table>
      </div>
      {hidden.size > 0 && (
        <div className="border-t border-line p-2">
          <Button
            tone="quiet"
            size="small"
            onClick={() => {
              onHide(new Set());
            }}
          >
            Show all lines
          </Button>
        </div>
      )}
    </div>
  );
}
