/** The silences of all clusters: what they are about, until when, who made them and why. */
import { useQuery } from '@tanstack/react-query';
import { BellOff, CircleDashed, Clock, TriangleAlert } from 'lucide-react';
import { useState } from 'react';

import { silencesQuery, useExpire } from '../api/silences';
import type { Cluster, Silence } from '../api/types';
import { Button } from '../ui/Button';
import { Choice } from '../ui/Choice';
import { cx } from '../ui/classes';
import { absolute, clockTime, now } from '../ui/clock';
import { Count } from '../ui/Count';
import { EmptyState } from '../ui/Notice';
import { pageOf } from '../ui/pageOf';
import { Paging } from '../ui/Paging';
import { counted } from '../ui/words';
import { Answered } from '../ui/Answered';
import { silencesAsked } from './asking';
import { Badge } from '../ui/Badge';
import { wireText } from './drawer/silencing';
import { Clusters } from './FilterBar';
import { questionOf } from './filters';
import type { Look } from '../ui/Badge';
import { SearchBox } from './SearchBox';
import { useView } from './view';

const looks = {
  ACTIVE: { word: 'Active', icon: BellOff, text: 'text-silenced' },
  PENDING: { word: 'To come', icon: Clock, text: 'text-info' },
  EXPIRED: { word: 'Expired', icon: CircleDashed, text: 'text-idle' },
} as const satisfies Record<Silence['state'], Look>;

const STATES = [['', 'Active and to come'], ['ACTIVE', 'Active'], ['PENDING', 'To come'], ['EXPIRED', 'Expired']] as const;

/** Asked twice in place: an expired silence is not brought back by a click. */
function Expire({ silence }: { silence: Silence }) {
  const [sure, setSure] = useState(false);
  const { mutate, isPending, error } = useExpire();
  return (
    <span className="flex flex-col items-end gap-1">
      <Button
        size="small"
        aria-disabled={isPending}
        aria-label={sure ? 'Yes, expire it now' : `Expire the silence of ${silence.cluster_name}`}
        onBlur={() => { setSure(false); }}
        onClick={() => {
          if (sure) mutate({ clusterId: silence.cluster_id, id: silence.id });
          else setSure(true);
        }}
      >
        {isPending ? 'Expiring' : sure ? 'Sure?' : 'Expire'}
      </Button>
      {error && (
        <span role="alert" className="text-xs text-bad">
          {error.message}
        </span>
      )}
    </span>
  );
}

const cell = 'px-2 py-1.5 align-top';

function Row({ silence, mayWork }: { silence: Silence; mayWork: boolean }) {
  const { state, matchers, ends_at, created_by, comment, cluster_name, silenced_alerts } = silence;
  return (
    <tr className={cx('border-b border-line', state === 'EXPIRED' && 'text-muted')}>
      <td className={cell}>
        <Badge look={looks[state]} className="font-medium" wordClass="max-sm:sr-only" />
      </td>
      <th scope="row" className={cx(cell, 'w-full text-left font-normal')}>
        <span className="flex flex-wrap gap-1">
          {matchers.map((matcher) => (
            <code key={wireText(matcher)} className="rounded border border-line px-1 font-mono text-xs break-all">
              {wireText(matcher)}
            </code>
          ))}
        </span>
        <span className="mt-0.5 block break-words">{comment}</span>
        <span className="block text-muted sm:hidden">{[cluster_name, created_by, `until ${clockTime(ends_at, now())}`].join(' · ')}</span>
      </th>
      <td className={cx(cell, 'max-w-44 truncate max-sm:hidden')}>{cluster_name}</td>
      <td className={cx(cell, 'num text-right max-md:hidden')}>{silenced_alerts}</td>
      <td className={cx(cell, 'num whitespace-nowrap max-sm:hidden')} title={absolute(ends_at)}>
        {clockTime(ends_at, now())}
      </td>
      <td className={cx(cell, 'max-w-36 truncate max-md:hidden')}>{created_by}</td>
      <td className={cx(cell, 'text-right')}>{mayWork && state !== 'EXPIRED' && <Expire silence={silence} />}</td>
    </tr>
  );
}

function Table({ silences, fleet }: { silences: readonly Silence[]; fleet: readonly Cluster[] }) {
  const workable = new Set(fleet.filter(({ permissions }) => permissions.includes('operate')).map(({ id }) => id));
  const head = 'px-2 py-1.5 font-medium whitespace-nowrap';
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">Silences, those that end first above</caption>
      <thead className="text-left text-xs text-muted">
        <tr className="border-b border-line">
          <th scope="col" className={head}><span className="max-sm:sr-only">State</span></th>
          <th scope="col" className={head}>About</th>
          <th scope="col" className={cx(head, 'max-sm:hidden')}>Cluster</th>
          <th scope="col" className={cx(head, 'text-right max-md:hidden')}>Alerts</th>
          <th scope="col" className={cx(head, 'max-sm:hidden')}>Until</th>
          <th scope="col" className={cx(head, 'max-md:hidden')}>By</th>
          <th scope="col" className={head}><span className="sr-only">What can be done</span></th>
        </tr>
      </thead>
      <tbody>
        {silences.map((silence) => (
          <Row key={`${silence.cluster_id}/${silence.id}`} silence={silence} mayWork={workable.has(silence.cluster_id)} />
        ))}
      </tbody>
    </table>
  );
}

function Warnings({ warnings, asked, answered }: { warnings: readonly string[]; asked: number; answered: number }) {
  if (warnings.length === 0) return null;
  return (
    <div className="flex items-start gap-2 rounded-lg border border-line bg-warn-tint px-3 py-2 text-sm">
      <TriangleAlert size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />
      <div className="min-w-0">
        <p>
          {answered} of {counted(asked, 'cluster')} answered; silences of the others are not here:
        </p>
        <ul>
          {warnings.map((warning) => (
            <li key={warning} className="break-words">
              {warning}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Empty() {
  return (
    <EmptyState title="No silence to show">
      <p className="text-muted">Open an alert and silence it there, for one cluster or many; their Alertmanagers keep the silence.</p>
    </EmptyState>
  );
}

export function Silences({ fleet }: { fleet: readonly Cluster[] }) {
  const { view, change } = useView();
  const asked = useQuery(silencesQuery(silencesAsked(view, fleet)));
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox label="Search silences" />
        <Choice label="State" value={view.state} options={STATES} onChange={(state) => { change({ state }); }} />
        <Clusters fleet={fleet} />
        <Count question={questionOf(view)} waiting={asked.isPlaceholderData} words={asked.data && counted(asked.data.total, 'silence')} />
      </div>
      <div role="status" className="empty:absolute">
        {asked.data && (
          <Warnings warnings={asked.data.warnings} asked={asked.data.clusters_queried} answered={asked.data.clusters_succeeded} />
        )}
      </div>
      <Answered asked={asked} what="The silences" isEmpty={({ items }) => items.length === 0} empty={<Empty />}>
        {(page) => (
          <section aria-label="Silences" className="overflow-hidden rounded-lg border border-line bg-raised">
            <Table silences={page.items} fleet={fleet} />
            <Paging page={pageOf(view)} pages={page.total_pages} />
          </section>
        )}
      </Answered>
    </>
  );
}
