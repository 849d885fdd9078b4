/** Where it is, since when, how often, and who has it. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { AlertDetail } from '../../api/types';
import { useDerived } from '../../ui/clock';
import { Ago, Since } from '../../ui/Time';
import { addressOf, endings, lasted } from '../words';
import { changed } from '../address';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-3">
      <dt className="w-28 shrink-0 text-muted">{name}</dt>
      <dd className="min-w-0 flex-1 break-words">{children}</dd>
    </div>
  );
}

function Duration({ alert }: { alert: AlertDetail }) {
  return <span className="num">{useDerived((at) => lasted(alert.starts_at, alert.ends_at, at))}</span>;
}

function Elsewhere({ alert }: { alert: AlertDetail }) {
  if (alert.also_in.length === 0) return null;
  return (
    <Fact name="Also fires in">
      <span className="flex flex-wrap gap-x-2">
        {alert.also_in.map((name) => (
          <Link key={name} to="/alerts" search={(old) => changed(old, { alert: addressOf({ ...alert, cluster_name: name }) })} className="text-accent underline">
            {name}
          </Link>
        ))}
      </span>
    </Fact>
  );
}

function Person({ alert }: { alert: AlertDetail }) {
  const { acknowledged_at, acknowledged_by, acknowledgement, assigned_to } = alert;
  return (
    <>
      {acknowledged_at !== null && (
        <Fact name="Acknowledged">
          by {acknowledged_by ?? 'somebody who is gone'} <Ago time={acknowledged_at} />
          {acknowledgement && <q className="block whitespace-pre-wrap">{acknowledgement}</q>}
        </Fact>
      )}
      {assigned_to !== null && <Fact name="Assigned to">{assigned_to}</Fact>}
    </>
  );
}

export function Facts({ alert }: { alert: AlertDetail }) {
  return (
    <dl className="flex flex-col gap-1 text-sm">
      <Fact name="Cluster">
        <Link to="/clusters/$name" params={{ name: alert.cluster_name }} className="text-accent underline">
          {alert.cluster_name}
        </Link>
      </Fact>
      {alert.namespace && <Fact name="Namespace">{alert.namespace}</Fact>}
      <Fact name="Fired">
        <Since time={alert.starts_at} />
      </Fact>
      {alert.ends_at !== null && (
        <Fact name="Over">
          <Ago time={alert.ends_at} /> after <Duration alert={alert} />
          {alert.ending && `: ${endings[alert.ending]}`}
        </Fact>
      )}
      <Fact name="In 24 hours">
        fired {alert.times_in_24_h === 1 ? 'once' : `${alert.times_in_24_h} times`}
        {alert.flapping && <strong className="font-semibold text-warn"> (it comes and goes)</strong>}
      </Fact>
      <Elsewhere alert={alert} />
      <Person alert={alert} />
      {alert.receivers.length > 0 && <Fact name="Receivers">{alert.receivers.join(', ')}</Fact>}
    </dl>
  );
}
