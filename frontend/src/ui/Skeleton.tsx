/** Grey shapes where something will be. */
import { useEffect, useState, type ReactNode } from 'react';

import { cx } from './classes';

export const Bone = ({ className }: { className: string }) => <div className={cx('skeleton', className)} />;

/** As long as the shapes stay away: a fast answer needs no words either. */
const UNTIL_TOLD_MS = 100;

/** A region that comes together with its words is not read out: they follow. */
function Told({ words }: { words: string }) {
  const [told, setTold] = useState('');
  useEffect(() => {
    const timer = window.setTimeout(setTold, UNTIL_TOLD_MS, words);
    return () => {
      window.clearTimeout(timer);
    };
  }, [words]);
  return (
    <p className="sr-only" role="status">
      {told}
    </p>
  );
}

export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <>
      <Told words={`Loading ${what}`} />
      <div aria-busy="true" aria-hidden>
        {children}
      </div>
    </>
  );
}
