/** A label of an alert: a click shows only those that have it, with Alt those that do not; its menu copies it. */
import { cx } from '../ui/classes';
import { useLabelDeeds } from './view';

interface LabelChipProps {
  name: string;
  value: string;
  className?: string;
}

export function LabelChip({ name, value, className }: LabelChipProps) {
  const { include, exclude, menu } = useLabelDeeds();
  return (
    <button
      type="button"
      aria-label={`Only ${name}=${value}`}
      title={`${name}=${value}\nClick: only these. Alt and click: without these. Right click: more.`}
      className={cx(
        'relative z-10 inline-flex h-5 max-w-[min(24rem,100%)] items-center rounded border border-line bg-raised px-1 font-mono text-xs text-muted hover:border-line-strong hover:text-ink',
        className,
      )}
      onClick={({ altKey }) => {
        (altKey ? exclude : include)(name, value);
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        const { left, bottom } = event.currentTarget.getBoundingClientRect();
        menu(name, value, { x: left, y: bottom });
      }}
    >
      <span className="truncate">
        {name}={value}
      </span>
    </button>
  );
}
