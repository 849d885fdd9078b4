/** What an address asks of the API. Names of clusters become ids. */
import type { GroupQuery, ListQuery, PastQuery } from '../api/alerts';
import type { SilenceQuery } from '../api/silences';
import type { Cluster } from '../api/types';
import { pageOf } from '../ui/pageOf';
import { now } from '../ui/clock';
import { momentOf } from '../explore/moment';
import { idsOf, listIn } from '../fleet/named';
import type { AlertsView } from './address';
import { matchersOf, severities } from './filters';
import { matcherText, type Matcher } from './matchers';

export const PAGE_SIZE = 50;
export const SAME = 'same';

type Fleet = readonly Pick<Cluster, 'id' | 'name'>[];

/** What narrows every kind of answer. */
function narrowing(view: AlertsView, fleet: Fleet, more: readonly Matcher[] = []) {
  const chosen = severities.filter((severity) => listIn(view.severity).includes(severity));
  const clusters = idsOf(view.cluster, fleet);
  const labels = [...matchersOf(view), ...more].map(matcherText);
  return {
    ...(chosen.length > 0 && { severity: chosen }),
    ...(clusters.length > 0 && { cluster_id: clusters }),
    ...(labels.length > 0 && { label: labels }),
    ...(view.q !== undefined && { search: [view.q] }),
  };
}

function muting({ muted }: AlertsView): Pick<ListQuery, 'silenced' | 'inhibited'> {
  if (muted === 'shown') return {};
  return muted === 'only' ? { silenced: true } : { silenced: false, inhibited: false };
}

function activeOnly(view: AlertsView) {
  const states = (['FIRING', 'PENDING'] as const).filter((state) => state === view.state);
  return {
    ...(states.length > 0 && { state: states }),
    ...(view.ack !== undefined && { acknowledged: view.ack === 'yes' }),
    ...muting(view),
  };
}

export const listAsked = (view: AlertsView, fleet: Fleet, more: readonly Matcher[] = []): ListQuery => ({
  ...narrowing(view, fleet, more),
  ...activeOnly(view),
  ...(view.sort !== undefined && { ordering: view.sort }),
  page: more.length > 0 ? 1 : pageOf(view),
  page_size: PAGE_SIZE,
});

export const groupsAsked = (view: AlertsView, fleet: Fleet): GroupQuery => ({
  ...narrowing(view, fleet),
  ...activeOnly(view),
  page: pageOf(view),
  page_size: PAGE_SIZE,
});

/** Rounded to the minute, so that one view is one question. */
function since(text: string): string | null {
  const moment = momentOf(text, now() / 1000);
  return moment === null ? null : new Date(Math.floor(moment / 60) * 60_000).toISOString();
}

export function pastAsked(view: AlertsView, fleet: Fleet): PastQuery {
  const from = view.since === undefined ? null : since(view.since);
  return { ...narrowing(view, fleet), ...(from !== null && { since: from }), page: pageOf(view), page_size: PAGE_SIZE };
}

export function silencesAsked(view: AlertsView, fleet: Fleet): SilenceQuery {
  const states = (['ACTIVE', 'PENDING', 'EXPIRED'] as const).filter((state) => state === view.state);
  const clusters = idsOf(view.cluster, fleet);
  return {
    ...(states.length > 0 && { state: states }),
    ...(clusters.length > 0 && { cluster_id: clusters }),
    ...(view.q !== undefined && { search: view.q }),
    page: pageOf(view),
    page_size: PAGE_SIZE,
  };
}
