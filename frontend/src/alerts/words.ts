/** What is said of an alert besides its labels: its summary, who has it, how it ended, how long it was. */
import type { Alert } from '../api/types';
import { duration } from '../ui/clock';

/** Labels that a row says elsewhere. */
const SAID = new Set(['alertname', 'severity', 'namespace', 'cluster']);

/** What tells this alert from the others of its name. */
export const tellingLabels = (labels: Record<string, string>): [string, string][] =>
  Object.entries(labels)
    .filter(([name]) => !SAID.has(name))
    .toSorted(([one], [other]) => one.localeCompare(other));

export const summaryOf = ({ annotations }: Pick<Alert, 'annotations'>): string =>
  annotations.summary ?? annotations.message ?? annotations.description ?? '';

export const endings = {
  '': '',
  TOLD: 'Alertmanager said so',
  VANISHED: 'Alertmanager no longer has it',
  RECOVERED: 'What was watched for came back',
} as const satisfies Record<Alert['ending'], string>;

/** "12 min"; of what is not over, until `at`. */
export const lasted = (startsAt: string, endsAt: string | null, at: number): string =>
  duration(Math.max(0, (endsAt === null ? at : Date.parse(endsAt)) - Date.parse(startsAt)));

/** Alerts are named in addresses by what stays the same while they fire: the cluster and the fingerprint. */
export const addressOf = ({ cluster_name, fingerprint }: Pick<Alert, 'cluster_name' | 'fingerprint'>): string =>
  `${cluster_name}/${fingerprint}`;

/** With the id it is that one time it fired, and not the newest. */
export const addressOfTime = (alert: Pick<Alert, 'cluster_name' | 'fingerprint' | 'id'>): string => `${addressOf(alert)}/${alert.id}`;

export interface Named {
  cluster: string;
  fingerprint: string;
  id: string | undefined;
}

export function namedBy(address: string | undefined): Named | null {
  const [cluster, fingerprint, id] = (address ?? '').split('/');
  return cluster && fingerprint ? { cluster, fingerprint, id } : null;
}
