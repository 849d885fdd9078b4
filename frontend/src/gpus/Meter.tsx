/** One figure with a bar of how much of the whole it is. The words say all; the bar is for the eye. */
import { cx } from '../ui/classes';

interface MeterProps {
  name: string;
  words: string;
  /** In percent; null draws an empty, dashed bar: nobody knows. */
  share: number | null;
  className?: string;
}

export function Meter({ name, words, share, className }: MeterProps) {
  return (
    <div className={cx('relative flex min-w-0 items-baseline justify-between gap-2 pb-2 text-sm', className)}>
      <dt className="text-muted">{name}</dt>
      <dd className="num truncate font-medium">
        {words}
        <span
          aria-hidden
          className={cx('absolute inset-x-0 bottom-0 h-1.5 overflow-hidden rounded-full', share === null ? 'border border-dashed border-line-strong' : 'bg-hover')}
        >
          {share !== null && <span className="block h-full rounded-full bg-line-strong" style={{ width: `${Math.min(100, Math.max(0, share))}%` }} />}
        </span>
      </dd>
    </div>
  );
}
