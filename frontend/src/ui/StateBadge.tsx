/** A state as icon and word. */
import type { ClusterState } from '../api/types';
import { cx } from './classes';
import { looks } from './state';

export function StateBadge({ state, className }: { state: ClusterState; className?: string }) {
  const { icon: Icon, word, text } = looks[state];
  return (
    <span className={cx('inline-flex items-center gap-1.5 font-medium whitespace-nowrap', text, className)}>
      <Icon size={16} aria-hidden />
      {word}
    </span>
  );
}
