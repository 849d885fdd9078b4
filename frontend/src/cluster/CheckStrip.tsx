/** Past checks as bars: the height is the health score, the colour the state; below, the latency as a line. */
import type { HealthCheck } from '../api/types';
import { looks, states } from '../ui/state';
import { absolute } from '../ui/clock';
import { counted } from '../ui/words';
import { latencyPath, latencyRange } from './latency';

const BAR = 8;
const BARS_HIGH = 40;
const LINE_HIGH = 24;
/** An offline cluster with score 0 still has a bar to be seen. */
const LOWEST = 4;

function Bar({ check, index }: { check: HealthCheck; index: number }) {
  const height = Math.max(LOWEST, (check.health_score / 100) * BARS_HIGH);
  return (
    <rect x={index * BAR + 1} y={BARS_HIGH - height} width={BAR - 2} height={height} rx={1} fill={looks[check.state].fill}>
      <title>{`${absolute(check.checked_at)}: ${looks[check.state].word}, ${check.health_score} %`}</title>
    </rect>
  );
}

function inWords(checks: readonly HealthCheck[]): string {
  const counts = states.map((state) => [looks[state].word, checks.filter((check) => check.state === state).length] as const);
  const said = counts.filter(([, count]) => count > 0).map(([word, count]) => `${count} ${word.toLowerCase()}`);
  return `Of ${counted(checks.length, 'check')}: ${said.join(', ')}`;
}

export function CheckStrip({ checks }: { checks: readonly HealthCheck[] }) {
  const inOrder = checks.toReversed();
  const width = Math.max(1, inOrder.length) * BAR;
  const range = latencyRange(inOrder);
  return (
    <figure className="px-3 pt-3 pb-2">
      <svg
        viewBox={`0 0 ${width} ${BARS_HIGH}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={inWords(checks)}
        className="block h-10 w-full"
        style={{ maxWidth: width * 2 }}
      >
        {inOrder.map((check, index) => (
          <Bar key={check.id} check={check} index={index} />
        ))}
      </svg>
      {range && (
        <svg
          viewBox={`0 0 ${width} ${LINE_HIGH}`}
          preserveAspectRatio="none"
          aria-hidden
          className="mt-1 block h-6 w-full"
          style={{ maxWidth: width * 2 }}
        >
          <path
            d={latencyPath(inOrder, BAR, LINE_HIGH)}
            fill="none"
            stroke="var(--muted)"
            strokeWidth={1.5}
            vectorEffect="non-scaling-stroke"
          />
        </svg>
      )}
      <figcaption className="num mt-1 flex flex-wrap justify-between gap-x-3 text-xs text-muted">
        <span>Health score by check, oldest left: {inWords(checks)}</span>
        {range && (
          <span>
            Latency {Math.round(range.min)} to {Math.round(range.max)} ms
          </span>
        )}
      </figcaption>
    </figure>
  );
}
