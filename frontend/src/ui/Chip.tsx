/** A small fact beside a title. */
import type { ReactNode } from 'react';

import { cx } from './classes';

export function Chip({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <span
      className={cx(
        'inline-flex h-6 items-center gap-1 rounded border border-line px-1.5 text-xs whitespace-nowrap text-muted',
        className,
      )}
    >
      {children}
    </span>
  );
}
