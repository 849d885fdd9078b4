/** Alerts as rows, worst first. The whole row opens its alert; j, k, Enter and a work on the row in focus. */
import { Link } from '@tanstack/react-router';
import { memo, useEffect, useRef, type ReactNode } from 'react';

import type { Alert } from '../api/types';
import { cx } from '../ui/classes';
import { absolute, clockTime, now, useDerived } from '../ui/clock';
import { Ago } from '../ui/Time';
import { useChanges } from '../ui/useChanges';
import { changed } from './address';
import { Badge } from '../ui/Badge';
import { LabelChip } from './LabelChip';
import { severityLooks, stateLooks } from './looks';
import { Muted, Taken } from './Taken';
import { addressOf, addressOfTime, endings, lasted, summaryOf, tellingLabels } from './words';

const cell = 'px-2 py-1.5 align-top';

const edges = { CRITICAL: 'border-l-bad', WARNING: 'border-l-warn', INFO: 'border-l-info' } as const satisfies Record<Alert['severity'], string>;

/** What wrapped out of a list's sight is out of reach of Tab and of readers too. */
function useInSight(labels: Record<string, string>) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const sight = new IntersectionObserver(
      (seen) => {
        for (const { target, isIntersecting } of seen) (target as HTMLElement).inert = !isIntersecting;
      },
      { root: list.current },
    );
    for (const item of list.current?.children ?? []) sight.observe(item);
    return () => {
      sight.disconnect();
    };
  }, [labels]);
  return list;
}

export function Labels({ labels, className }: { labels: Record<string, string>; className?: string }) {
  return (
    <ul ref={useInSight(labels)} className={cx('flex gap-1', className)} aria-label="Labels">
      {tellingLabels(labels).map(([name, value]) => (
        <li key={name} className="max-w-full shrink-0">
          <LabelChip name={name} value={value} />
        </li>
      ))}
    </ul>
  );
}

function Lasting({ alert }: { alert: Alert }) {
  const text = useDerived((at) => lasted(alert.starts_at, alert.ends_at, at));
  return (
    <time dateTime={alert.starts_at} title={`since ${absolute(alert.starts_at)}`} className="num whitespace-nowrap">
      {text}
    </time>
  );
}

function Standing({ alert }: { alert: Alert }) {
  const changes = useChanges(alert.state);
  return (
    <span key={changes} className={cx('flex items-center gap-2 rounded', changes > 0 && 'flash')}>
      <Badge look={stateLooks[alert.state]} />
      <Lasting alert={alert} />
    </span>
  );
}

/** The name, what it says of itself, and its labels; on a phone also what other columns would say. */
function Name({ alert, past }: { alert: Alert; past: boolean }) {
  const summary = summaryOf(alert);
  return (
    <>
      <Link
        to="/alerts"
        search={(old) => changed(old, { alert: past ? addressOfTime(alert) : addressOf(alert) })}
        resetScroll={false}
        preload={false}
        data-alert={alert.id}
        className="font-semibold break-words after:absolute after:inset-0"
      >
        {alert.alertname}
      </Link>
      {summary && <span className="ml-2 text-muted max-sm:ml-0 max-sm:block sm:line-clamp-1 sm:inline">{summary}</span>}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-sm text-muted sm:hidden">
        <span>{[alert.cluster_name, alert.namespace].filter(Boolean).join(' · ')}</span>
        <Lasting alert={alert} />
        {past && alert.ends_at !== null && (
          <span>
            over <Ago time={alert.ends_at} />
          </span>
        )}
        <Muted alert={alert} />
        <Taken alert={alert} />
      </div>
      {/* One line high: a label that does not fit wraps out of sight whole, and is in the drawer. */}
      <Labels labels={alert.labels} className="mt-0.5 h-5 flex-wrap overflow-hidden max-sm:hidden" />
    </>
  );
}

function ActiveCells({ alert }: { alert: Alert }) {
  return (
    <>
      <td className={cx(cell, 'max-sm:hidden')}>
        <Standing alert={alert} />
        <span className="flex gap-2">
          <Muted alert={alert} />
        </span>
      </td>
      <td className={cx(cell, 'text-muted max-lg:hidden')}>
        <Ago time={alert.changed_at} />
      </td>
      <td className={cx(cell, 'max-md:hidden')}>
        <Taken alert={alert} />
      </td>
    </>
  );
}

function PastCells({ alert }: { alert: Alert }) {
  return (
    <>
      <td className={cx(cell, 'num whitespace-nowrap max-md:hidden')} title={absolute(alert.starts_at)}>
        {clockTime(alert.starts_at, now())}
      </td>
      <td className={cx(cell, 'max-sm:hidden')}>
        <Lasting alert={alert} />
      </td>
      <td className={cx(cell, 'max-sm:hidden')}>
        {alert.ends_at !== null && <Ago time={alert.ends_at} />}
        <span className="block text-xs text-muted lg:whitespace-nowrap">{endings[alert.ending]}</span>
      </td>
    </>
  );
}

const Row = memo(function Row({ alert, past, open }: { alert: Alert; past: boolean; open: boolean }) {
  const quiet = !past && (alert.silenced || alert.inhibited || alert.state !== 'FIRING');
  return (
    <tr
      data-severity={alert.severity}
      data-state={alert.state}
      aria-current={open ? 'true' : undefined}
      className={cx('relative border-b border-line hover:bg-hover aria-[current]:bg-hover', quiet && 'bg-canvas')}
    >
      <td className={cx(cell, 'border-l-4 whitespace-nowrap', edges[alert.severity])}>
        <Badge look={severityLooks[alert.severity]} className="font-medium" wordClass="max-sm:sr-only" />
      </td>
      <th scope="row" className={cx(cell, 'w-full max-w-0 min-w-0 text-left font-normal')}>
        <Name alert={alert} past={past} />
      </th>
      <td className={cx(cell, 'max-w-44 truncate max-sm:hidden')} title={alert.cluster_name}>
        {alert.cluster_name}
      </td>
      <td className={cx(cell, 'max-w-40 truncate text-muted max-md:hidden')} title={alert.namespace}>
        {alert.namespace}
      </td>
      {past ? <PastCells alert={alert} /> : <ActiveCells alert={alert} />}
    </tr>
  );
});

function Head({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <th scope="col" className={cx('px-2 py-1.5 font-medium whitespace-nowrap', className)}>
      {children}
    </th>
  );
}

interface AlertTableProps {
  caption: string;
  alerts: readonly Alert[];
  past?: boolean;
  /** The id of the one that is open. */
  openId?: string | undefined;
}

export function AlertTable({ caption, alerts, past = false, openId }: AlertTableProps) {
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">{caption}</caption>
      <thead className="text-left text-xs text-muted">
        <tr className="border-b border-line">
          <Head>
            <span className="max-sm:sr-only">Severity</span>
          </Head>
          <Head>Alert</Head>
          <Head className="max-sm:hidden">Cluster</Head>
          <Head className="max-md:hidden">Namespace</Head>
          <Head className={past ? 'max-md:hidden' : 'max-sm:hidden'}>{past ? 'Fired' : 'State'}</Head>
          <Head className={past ? 'max-sm:hidden' : 'max-lg:hidden'}>{past ? 'Lasted' : 'Changed'}</Head>
          <Head className={past ? 'max-sm:hidden' : 'max-md:hidden'}>{past ? 'Over' : 'Taken by'}</Head>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <Row key={alert.id} alert={alert} past={past} open={alert.id === openId} />
        ))}
      </tbody>
    </table>
  );
}
