/** Alerts in groups: what they have in common is said once; those that lack a label are under "(none)". */
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { alertGroupsQuery, alertsQuery, sameAlertsQuery } from '../api/alerts';
import type { AlertGroup, Cluster } from '../api/types';
import { listIn } from '../fleet/named';
import { cx } from '../ui/classes';
import { Chip } from '../ui/Chip';
import { Since } from '../ui/Time';
import { pageOf } from '../ui/pageOf';
import { Paging } from '../ui/Paging';
import { counted } from '../ui/words';
import { changed, type AlertsView } from './address';
import { AlertTable, Labels } from './AlertTable';
import { Answered } from '../ui/Answered';
import { groupsAsked, listAsked, PAGE_SIZE, SAME } from './asking';
import { severities } from './filters';
import { Badge } from '../ui/Badge';
import { severityLooks } from './looks';
import type { Matcher } from './matchers';
import { useView } from './view';

const MOST_CLUSTERS = 12;

const worstOf = ({ by_severity }: AlertGroup) => severities.find((severity) => (by_severity[severity] ?? 0) > 0) ?? 'INFO';

const keyOf = ({ labels, missing }: AlertGroup): string => JSON.stringify([labels, missing]);

/** What asks for the alerts of this group alone. Cluster and severity are ours, and no labels, unless it is the same alert. */
function insideOf(view: AlertsView, { labels, missing }: AlertGroup, same: boolean): { view: AlertsView; matchers: Matcher[] } {
  const isOurs = (name: string): boolean => !same && (name === 'cluster' || name === 'severity');
  const ours = Object.fromEntries(Object.entries(labels).filter(([name]) => isOurs(name)));
  const matchers = Object.entries(labels)
    .filter(([name]) => !isOurs(name))
    .map(([name, value]): Matcher => ({ name, operator: '=', value: missing.includes(name) ? '' : value }));
  return { view: changed(view, ours), matchers };
}

function Title({ group, same }: { group: AlertGroup; same: boolean }) {
  const entries = Object.entries(group.labels);
  if (same) return <span className="font-semibold wrap-anywhere">{group.labels.alertname ?? '(none)'}</span>;
  return (
    <span className="flex min-w-0 flex-wrap gap-x-3">
      {entries.map(([name, value]) => (
        <span key={name} className="min-w-0 wrap-anywhere">
          <span className="text-muted">{name} </span>
          <span className={cx('font-semibold', group.missing.includes(name) && 'font-normal text-muted italic')}>{value}</span>
        </span>
      ))}
    </span>
  );
}

function Counts({ group }: { group: AlertGroup }) {
  return (
    <span className="flex items-center gap-3">
      {severities
        .filter((severity) => (group.by_severity[severity] ?? 0) > 0)
        .map((severity) => {
          const { icon: Icon, text, word } = severityLooks[severity];
          return (
            <span key={severity} className="num flex items-center gap-1" title={word}>
              <Icon size={16} className={text} aria-hidden />
              {(group.by_severity[severity] ?? 0).toLocaleString('en')}
              <span className="sr-only">{word}</span>
            </span>
          );
        })}
      {group.acknowledged > 0 && <span className="text-sm text-muted">{group.acknowledged} acknowledged</span>}
    </span>
  );
}

function Clusters({ group }: { group: AlertGroup }) {
  const { change } = useView();
  const more = group.clusters.length - MOST_CLUSTERS;
  return (
    <ul aria-label="Clusters" className="flex flex-wrap gap-1">
      {group.clusters.slice(0, MOST_CLUSTERS).map(({ cluster_id, cluster_name, total }) => (
        <li key={cluster_id}>
          <button type="button" title={`Only ${cluster_name}`} onClick={() => { change({ cluster: cluster_name }); }}>
            <Chip className="hover:border-line-strong hover:text-ink">
              {cluster_name} {total > 1 && <span className="num font-semibold">{total}</span>}
            </Chip>
          </button>
        </li>
      ))}
      {more > 0 && <li className="self-center text-xs text-muted">and {more} more</li>}
    </ul>
  );
}

interface GroupCardProps {
  group: AlertGroup;
  same: boolean;
  fleet: readonly Cluster[];
  openId: string | undefined;
}

function Inside({ group, same, fleet, openId }: GroupCardProps) {
  const { view } = useView();
  const inside = insideOf(view, group, same);
  const asked = useQuery(alertsQuery(listAsked(inside.view, fleet, inside.matchers)));
  return (
    <div className="border-t border-line">
      <Answered asked={asked} what="The alerts of this group" isEmpty={({ total }) => total === 0} empty={<p className="p-2 text-sm text-muted">None of them is left.</p>}>
        {({ items, total }) => (
          <>
            <AlertTable caption="Alerts of the group" alerts={items} openId={openId} />
            {total > PAGE_SIZE && (
              <p className="p-2 text-sm text-muted">
                The first {PAGE_SIZE} of {counted(total, 'alert')}.
              </p>
            )}
          </>
        )}
      </Answered>
    </div>
  );
}

function GroupCard({ group, same, fleet, openId }: GroupCardProps) {
  const [open, setOpen] = useState(false);
  const worst = worstOf(group);
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <article className={cx('overflow-hidden rounded-lg border border-l-4 border-line bg-raised', { CRITICAL: 'border-l-bad', WARNING: 'border-l-warn', INFO: 'border-l-info' }[worst])}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
        <button type="button" aria-expanded={open} onClick={() => { setOpen(!open); }} className="flex min-w-0 flex-1 items-center gap-2 text-left max-sm:basis-full">
          <Chevron size={16} className="shrink-0 text-muted" aria-hidden />
          <Badge look={severityLooks[worst]} wordClass="sr-only" />
          <Title group={group} same={same} />
        </button>
        <Counts group={group} />
        <span className="text-sm text-muted">
          <Since time={group.oldest_starts_at} />
        </span>
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-3 pb-2">
        <Clusters group={group} />
        <Labels labels={{ ...(same && group.labels), ...group.common_labels }} className="flex-wrap max-sm:hidden" />
      </div>
      {open && <Inside group={group} same={same} fleet={fleet} openId={openId} />}
    </article>
  );
}

interface GroupsProps {
  fleet: readonly Cluster[];
  openId: string | undefined;
  empty: ReactNode;
}

export function Groups({ fleet, openId, empty }: GroupsProps) {
  const { view } = useView();
  const same = view.by === SAME;
  const query = groupsAsked(view, fleet);
  const groups = useQuery({ ...alertGroupsQuery({ ...query, by: listIn(view.by) }), enabled: !same });
  const sames = useQuery({ ...sameAlertsQuery(query), enabled: same });
  const asked = same ? sames : groups;
  return (
    <Answered asked={asked} what="The groups" isEmpty={({ items }) => items.length === 0} empty={empty}>
      {({ items, total_pages }) => (
        <section aria-label="Groups" aria-busy={asked.isPlaceholderData} className={cx('flex flex-col gap-2', asked.isPlaceholderData && 'opacity-60')}>
          {items.map((group) => (
            <GroupCard key={keyOf(group)} group={group} same={same} fleet={fleet} openId={openId} />
          ))}
          <Paging page={pageOf(view)} pages={total_pages} />
        </section>
      )}
    </Answered>
  );
}
