/** A severity, a state or a mute as icon and word. */
import { cx } from '../ui/classes';
import type { Look } from './looks';

export function Badge({ look, className, wordClass }: { look: Look; className?: string; wordClass?: string }) {
  const { icon: Icon, word, text } = look;
  return (
    <span className={cx('inline-flex items-center gap-1.5 whitespace-nowrap', text, className)}>
      <Icon size={16} className="shrink-0" aria-hidden />
      <span className={wordClass}>{word}</span>
    </span>
  );
}
