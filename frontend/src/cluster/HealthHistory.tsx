/** The last checks: as a strip for the eye, as a table for the details. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { historyQuery } from '../api/clusters';
import type { Cluster, HealthCheck } from '../api/types';
import { partsDown } from '../fleet/health';
import { Button } from '../ui/Button';
import { absolute } from '../ui/clock';
import { FailureNote } from '../ui/Notice';
import { Panel } from '../ui/Panel';
import { Bone, Loading } from '../ui/Skeleton';
import { StateBadge } from '../ui/StateBadge';
import { Ago } from '../ui/Time';
import { counted } from '../ui/words';
import { CheckStrip } from './CheckStrip';

const FIRST = 15;

function Row({ check }: { check: HealthCheck }) {
  const down = partsDown(check).join(', ');
  return (
    <tr className="border-t border-line align-top">
      <td className="px-3 py-1.5">
        <Ago time={check.checked_at} />
      </td>
      <td className="px-3 py-1.5">
        <StateBadge state={check.state} />
      </td>
      <td className="num px-3 py-1.5 text-right whitespace-nowrap max-sm:hidden">{check.health_score} %</td>
      <td className="num px-3 py-1.5 text-right whitespace-nowrap max-sm:hidden">
        {check.latency_ms === null ? '–' : `${Math.round(check.latency_ms)} ms`}
      </td>
      <td className="w-full px-3 py-1.5 break-words">
        {down && <strong className="font-medium">{down}: </strong>}
        {check.error}
      </td>
    </tr>
  );
}

function Checks({ checks }: { checks: readonly HealthCheck[] }) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : Math.max(0, checks.length - FIRST);
  return (
    // A table that can be scrolled sideways on a phone has to be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label="Table of checks">
      <table className="w-full text-sm">
        <thead>
          <tr className="text-left text-xs text-muted">
            <th className="px-3 py-1.5 font-medium">Checked</th>
            <th className="px-3 py-1.5 font-medium">State</th>
            <th className="px-3 py-1.5 text-right font-medium max-sm:hidden">Health</th>
            <th className="px-3 py-1.5 text-right font-medium max-sm:hidden">Latency</th>
            <th className="px-3 py-1.5 font-medium">Why</th>
          </tr>
        </thead>
        <tbody>
          {checks.slice(0, checks.length - hidden).map((check) => (
            <Row key={check.id} check={check} />
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <div className="border-t border-line p-2">
          <Button
            tone="quiet"
            size="small"
            onClick={() => {
              setAll(true);
            }}
          >
            Show {counted(hidden, 'older check')}
          </Button>
        </div>
      )}
    </div>
  );
}

function Body({ checks }: { checks: readonly HealthCheck[] }) {
  if (checks.length === 0) {
    return <p className="p-3 text-muted">No check has been done yet. The first one appears here by itself.</p>;
  }
  return (
    <>
      <CheckStrip checks={checks} />
      <Checks checks={checks} />
    </>
  );
}

export function HealthHistory({ cluster }: { cluster: Cluster }) {
  const history = useQuery(historyQuery(cluster.id, cluster.status.checked_at));
  const checks = history.data?.items;
  const oldest = checks?.at(-1);
  return (
    <Panel
      title="Last checks"
      aside={
        checks && oldest && (
          <span title={absolute(oldest.checked_at)}>
            {counted(checks.length, 'check')}, the oldest <Ago time={oldest.checked_at} />
          </span>
        )
      }
    >
      {history.isPending && (
        <Loading what="the last checks">
          <Bone className="m-3 h-16" />
          <Bone className="m-3 h-48" />
        </Loading>
      )}
      {history.error && (
        <FailureNote
          className="m-3"
          title="The last checks could not be read"
          error={history.error}
          onRetry={() => void history.refetch()}
        />
      )}
      {checks && <Body checks={checks} />}
    </Panel>
  );
}
