/** The whole view of the alerts as its address holds it. */
import { textsIn } from '../ui/texts';

export const tabs = ['active', 'history', 'silences'] as const;
export type Tab = (typeof tabs)[number];

/** Everything is text and optional: what is not said is at its default. */
export interface AlertsView {
  tab?: Exclude<Tab, 'active'>;
  /** Of what is active: firing or pending. Of silences: their own states. */
  state?: string;
  /** Joined by commas, as the next four are. */
  severity?: string;
  /** Names of clusters. */
  cluster?: string;
  labels?: string;
  q?: string;
  ack?: 'yes' | 'no';
  /** What is silenced or inhibited is left out unless asked for. */
  muted?: 'shown' | 'only';
  /** Names of labels, or `same`. */
  by?: string;
  since?: string;
  sort?: string;
  page?: string;
  /** The one that is open beside the list. */
  alert?: string;
}

const TEXTS = ['severity', 'cluster', 'labels', 'q', 'by', 'since', 'sort', 'page', 'alert', 'state'] as const;

const oneOf = <Value extends string>(values: readonly Value[], given: unknown): Value | undefined =>
  values.find((value) => value === given);

export function readAlerts(search: Record<string, unknown>): AlertsView {
  const tab = oneOf(['history', 'silences'] as const, search.tab);
  const ack = oneOf(['yes', 'no'] as const, search.ack);
  const muted = oneOf(['shown', 'only'] as const, search.muted);
  return { ...textsIn(search, TEXTS), ...(tab && { tab }), ...(ack && { ack }), ...(muted && { muted }) };
}

/** What the address says after a change: undefined takes a part away, and another filter begins at the first page. */
export function changed(view: AlertsView, changes: { [Key in keyof AlertsView]?: AlertsView[Key] | undefined }): AlertsView {
  const next: Record<string, unknown> = { ...view, ...(!('alert' in changes) && { page: undefined }), ...changes };
  return readAlerts(next);
}
