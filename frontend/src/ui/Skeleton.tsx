/** Grey shapes where something will be. */
import type { ReactNode } from 'react';

import { cx } from './classes';

export const Bone = ({ className }: { className: string }) => <div className={cx('skeleton', className)} />;

export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        Loading {what}
      </p>
      <div aria-hidden>{children}</div>
    </div>
  );
}
