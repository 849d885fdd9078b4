/** Says that the live line is lost, why, and when it is tried again. The page below stays usable. */
import { WifiOff } from 'lucide-react';

import { useConnection } from '../../live/store';
import { retryNow } from '../../live/useEvents';
import { Button } from '../Button';
import { clockTime, now, useDerived } from '../clock';

function Countdown({ to }: { to: number }) {
  // The retry is timed by this browser's clock, not by the server's.
  const seconds = useDerived(() => Math.max(0, Math.ceil((to - Date.now()) / 1000)));
  return <span className="num">Next attempt in {seconds} s.</span>;
}

export function LostBanner() {
  const { lostSince, retryAt, reason } = useConnection();
  if (lostSince === null) return null;
  return (
    <section
      aria-label="Connection"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-warn-tint px-4 py-2 text-sm"
    >
      <WifiOff size={16} className="text-warn" aria-hidden />
      <p className="min-w-0 flex-1">
        <span role="alert">
          Live updates are lost since {clockTime(lostSince, now())}
          {reason && ` (${reason})`}. What you see may be old.
        </span>{' '}
        {retryAt === null ? 'Trying now.' : <Countdown to={retryAt} />}
      </p>
      <Button size="small" onClick={retryNow} disabled={retryAt === null}>
        Try now
      </Button>
    </section>
  );
}
