/** A titled part of a page. */
import { useId, type ReactNode } from 'react';

import { cx } from './classes';

interface PanelProps {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Panel({ title, aside, children, className }: PanelProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cx('rounded-lg border border-line bg-raised', className)}>
      <header className="flex flex-wrap items-baseline gap-x-3 border-b border-line px-3 py-2">
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {aside !== undefined && <div className="min-w-0 flex-1 text-sm text-muted">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
