/** What events do to the alerts we know: rows that are shown change at once, all else is asked for again. */
import type { QueryClient } from '@tanstack/react-query';

import type { Alert } from '../api/types';
import type { LiveEvent } from './events';
import { paced } from './paced';

export const alertKeys = {
  all: ['alerts'] as const,
  list: ['alerts', 'list'] as const,
  one: ['alerts', 'one'] as const,
};

/** A storm of a thousand events a second is drawn twenty times a second, and asks the platform every other second. */
const DRAW_MS = 50;
const ASK_MS = 2000;

type AlertEvent = Extract<LiveEvent, { event_type: 'ALERT_FIRED' | 'ALERT_RESOLVED' | 'ALERT_UPDATED' }>;

export const isOfAlerts = (event: LiveEvent): event is AlertEvent => event.event_type.startsWith('ALERT_');

/** An event may come late or twice: it does not undo a newer change of state. */
const newest = <Known extends Alert>(known: Known, told: Alert): Known =>
  Date.parse(told.changed_at) < Date.parse(known.changed_at) ? known : { ...known, ...told };

export function patched<Known extends Alert>(items: readonly Known[], told: ReadonlyMap<string, Alert>): readonly Known[] {
  if (!items.some(({ id }) => told.has(id))) return items;
  return items.map((item) => {
    const news = told.get(item.id);
    return news ? newest(item, news) : item;
  });
}

interface Page {
  items: Alert[];
}

export function draw(cache: QueryClient, told: ReadonlyMap<string, Alert>): void {
  cache.setQueriesData<Page>({ queryKey: alertKeys.list }, (page) => {
    if (!page) return page;
    const items = patched(page.items, told);
    return items === page.items ? page : { ...page, items: items as Alert[] };
  });
  cache.setQueriesData<Alert>({ queryKey: alertKeys.one }, (alert) => alert && patched([alert], told)[0]);
}

/** Hears the events of alerts; `stop` ends what is still under way. */
export function feedAlerts(cache: QueryClient): { hear: (event: AlertEvent) => void; stop: () => void } {
  let told = new Map<string, Alert>();
  const asking = paced(ASK_MS, () => void cache.invalidateQueries({ queryKey: alertKeys.all }));
  const drawing = paced(DRAW_MS, () => {
    draw(cache, told);
    told = new Map();
    asking.ask();
  });
  return {
    hear: ({ payload }) => {
      told.set(payload.id, payload);
      drawing.ask();
    },
    stop: () => {
      drawing.stop();
      asking.stop();
    },
  };
}
