/** On a phone the list comes first: what narrows it unfolds, and says folded how much of it is set. */
import { SlidersHorizontal } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';

import { Button } from './Button';
import { cx } from './classes';

export function Folded({ set, children }: { set: number; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <Button className="sm:hidden" aria-expanded={open} aria-controls={id} onClick={() => { setOpen(!open); }}>
        <SlidersHorizontal size={16} aria-hidden /> Filters{' '}
        {set > 0 && (
          <span className="num">
            {set} <span className="sr-only">set</span>
          </span>
        )}
      </Button>
      <div id={id} className={cx('contents', !open && 'max-sm:hidden')}>
        {children}
      </div>
    </>
  );
}
