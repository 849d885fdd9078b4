/** Asks for a check now. Its answer comes like any other: as an event, or as a newer time of the last check. */
import { useQuery } from '@tanstack/react-query';
import { RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';

import { clusterQuery, useCheckNow } from '../api/clusters';
import type { Cluster } from '../api/types';
import { Button } from '../ui/Button';
import { cx } from '../ui/classes';

const ASK_AGAIN_MS = 2000;
const PATIENCE_MS = 45_000;

type Phase = 'idle' | 'waiting' | 'done' | 'overdue';

const told: Record<Phase, string> = {
  idle: '',
  waiting: '',
  done: 'Checked',
  overdue: 'The check has not been done yet. Look whether the worker runs.',
};

/** Waits for a check that is newer than the one known when it was asked for. */
function useAwaitedCheck(cluster: Cluster) {
  const { checked_at } = cluster.status;
  const [asked, setAsked] = useState<{ knowing: string | null } | null>(null);
  const [overdue, setOverdue] = useState(false);
  const newer = asked !== null && asked.knowing !== checked_at;
  const waiting = asked !== null && !newer && !overdue;

  useQuery({ ...clusterQuery(cluster.name), refetchInterval: ASK_AGAIN_MS, enabled: waiting });
  useEffect(() => {
    if (!waiting) return;
    const timer = window.setTimeout(setOverdue, PATIENCE_MS, true);
    return () => {
      window.clearTimeout(timer);
    };
  }, [waiting]);

  const phase: Phase = asked === null ? 'idle' : newer ? 'done' : overdue ? 'overdue' : 'waiting';
  const begin = () => {
    setOverdue(false);
    setAsked({ knowing: checked_at });
  };
  return { phase, begin };
}

export function CheckNow({ cluster }: { cluster: Cluster }) {
  const { phase, begin } = useAwaitedCheck(cluster);
  const request = useCheckNow(cluster.id);
  const busy = request.isPending || phase === 'waiting';
  return (
    <div className="flex items-center gap-2">
      <p role="status" className={cx('text-sm', request.error ? 'text-bad' : 'text-muted')}>
        {request.error ? request.error.message : told[phase]}
      </p>
      <Button
        tone="primary"
        aria-disabled={busy}
        onClick={() => {
          if (!busy) request.mutate(undefined, { onSuccess: begin });
        }}
      >
        <RefreshCw size={16} className={cx(busy && 'motion-safe:animate-spin')} aria-hidden />
        {busy ? 'Checking' : 'Check now'}
      </Button>
    </div>
  );
}
