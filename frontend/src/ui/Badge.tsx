/** A severity, a state or a mute as icon and word. */
import type { LucideIcon } from 'lucide-react';

import { cx } from './classes';

export interface Look {
  word: string;
  icon: LucideIcon;
  /** Class names are written out whole: Tailwind finds them by reading the source. */
  text: string;
}

export function Badge({ look, className, wordClass }: { look: Look; className?: string; wordClass?: string }) {
  const { icon: Icon, word, text } = look;
  return (
    <span className={cx('inline-flex items-center gap-1.5 whitespace-nowrap', text, className)}>
      <Icon size={16} className="shrink-0" aria-hidden />
      <span className={wordClass}>{word}</span>
    </span>
  );
}
