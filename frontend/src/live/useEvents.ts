/** Connects the live line to the request cache: each event is applied, each loss is healed by asking again. */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

import { keys } from '../api/clusters';
import type { Cluster } from '../api/types';
import { useSession } from '../session';
import { setServerTime } from '../ui/clock';
import { feedAlerts, isOfAlerts } from './alerts';
import { applyToCluster, applyToFleet } from './apply';
import type { LiveEvent } from './events';
import { hearers } from './hearers';
import { paced } from './paced';
import { LiveSocket } from './socket';
import { connection } from './store';

const SUMMARY_PAUSE_MS = 1000;
/** In a storm of events the line loses some again and again; all is asked for anew, but not for each of them. */
const HEAL_PAUSE_MS = 2000;

export function spread(cache: QueryClient, event: LiveEvent): void {
  const fleet = cache.getQueryData<Cluster[]>(keys.clusters);
  const next = fleet && applyToFleet(fleet, event);
  if (next) cache.setQueryData(keys.clusters, next);
  else void cache.invalidateQueries({ queryKey: keys.clusters });

  const key = keys.cluster(event.cluster_name);
  if (event.event_type === 'CLUSTER_DELETED') void cache.invalidateQueries({ queryKey: key });
  else cache.setQueryData<Cluster>(key, (known) => known && applyToCluster(known, event));
}

/** Many events in a moment (a fleet losing its network) ask for the counts once. */
function counting(cache: QueryClient): { ask: () => void; stop: () => void } {
  let waiting: number | undefined;
  return {
    ask: () => {
      waiting ??= window.setTimeout(() => {
        waiting = undefined;
        void cache.invalidateQueries({ queryKey: keys.summary });
      }, SUMMARY_PAUSE_MS);
    },
    stop: () => {
      window.clearTimeout(waiting);
    },
  };
}

export const liveUrl = (): string => `${window.location.origin.replace(/^http/, 'ws')}/ws`;

let current: LiveSocket | null = null;

export const retryNow = (): void => current?.retryNow();

/** Listen while mounted. The frame does it once for the whole client. */
export function useEvents(): void {
  const cache = useQueryClient();
  useEffect(() => {
    const counts = counting(cache);
    const alerts = feedAlerts(cache);
    const healing = paced(HEAL_PAUSE_MS, () => {
      void cache.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'metrics' });
    });
    const socket = new LiveSocket(liveUrl(), {
      onEvent: (event) => {
        if (isOfAlerts(event)) alerts.hear(event);
        hearers.forEach((hear) => { hear(event); });
        if (!event.event_type.startsWith('CLUSTER_')) return;
        spread(cache, event);
        counts.ask();
      },
      onHeal: healing.ask,
      onConnecting: connection.connecting,
      onLive: connection.live,
      onLost: connection.lost,
      onSignedOut: () => {
        connection.signedOut();
        useSession.getState().end();
      },
      onServerTime: setServerTime,
    });
    current = socket;
    socket.start();
    return () => {
      current = null;
      counts.stop();
      alerts.stop();
      healing.stop();
      socket.stop();
    };
  }, [cache]);
}
