/** What narrows the alerts that are shown. */
import type { AlertsView } from './address';
import { splitMatchers, type Matcher } from './matchers';

export const severities = ['CRITICAL', 'WARNING', 'INFO'] as const;
export type Severity = (typeof severities)[number];

/** Whether anything narrows what is shown. */
export const isFiltered = ({ tab, state, severity, cluster, labels, q, ack, muted, since }: AlertsView): boolean =>
  [state, severity, cluster, labels, q, ack, muted === 'only' ? muted : undefined, tab === 'history' ? since : undefined].some(
    (part) => part !== undefined,
  );

/** The changes that take all of that away. */
export const UNFILTERED = {
  state: undefined,
  severity: undefined,
  cluster: undefined,
  labels: undefined,
  q: undefined,
  ack: undefined,
  muted: undefined,
  since: undefined,
} as const;

/** What is asked for, whatever page of it is shown and which one is open. */
export const questionOf = (view: AlertsView): string => JSON.stringify({ ...view, page: undefined, alert: undefined, sort: undefined });

export const matchersOf = ({ labels }: AlertsView): Matcher[] => splitMatchers(labels);
