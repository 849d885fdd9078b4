/** The alerts of the whole fleet: what fires, what is over, what is silenced; one of them open beside the list. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { useAcknowledge } from '../api/alerts';
import { clustersQuery } from '../api/clusters';
import type { Cluster } from '../api/types';
import { unknownIn } from '../fleet/named';
import { RowsSkeleton } from '../ui/Answered';
import { FailureNote } from '../ui/Notice';
import { NotKnown } from '../ui/NotKnown';
import { PageTitle } from '../ui/PageTitle';
import { Active } from './Active';
import { readAlerts, tabs, type Tab as TabName } from './address';
import { AlertDrawer } from './drawer/AlertDrawer';
import { useOpenAlert } from './drawer/useOpenAlert';
import { FilterBar } from './FilterBar';
import { History } from './History';
import { LabelMenu } from './LabelMenu';
import { Missing } from './Missing';
import { Silences } from './Silences';
import { useKeys } from './useKeys';
import { useView } from './view';

const words = { active: 'Active', history: 'History', silences: 'Silences' } as const satisfies Record<TabName, string>;

function Tabs() {
  const { view } = useView();
  return (
    <nav aria-label="Alerts" className="flex gap-4 border-b border-line">
      {tabs.map((tab) => (
        <Link
          key={tab}
          to="/alerts"
          // Otherwise the router takes one tab for part of each other.
          activeOptions={{ exact: true }}
          search={readAlerts({ tab, cluster: view.cluster, q: tab === 'silences' ? undefined : view.q, labels: tab === 'silences' ? undefined : view.labels })}
          aria-current={tab === (view.tab ?? 'active') ? 'page' : undefined}
          className="-mb-px border-b-2 border-transparent px-1 py-2 text-sm text-muted hover:text-ink aria-[current]:border-accent aria-[current]:font-medium aria-[current]:text-ink"
        >
          {words[tab]}
        </Link>
      ))}
    </nav>
  );
}

function Shown({ fleet }: { fleet: readonly Cluster[] }) {
  const { view } = useView();
  const { names, nobody } = unknownIn(view.cluster, fleet);
  return (
    <>
      <NotKnown names={names} />
      {nobody ? <FilterBar fleet={fleet} /> : <Tab fleet={fleet} />}
    </>
  );
}

function Tab({ fleet }: { fleet: readonly Cluster[] }) {
  const { view } = useView();
  const open = useOpenAlert(fleet);
  const openId = open.data?.id;
  if (view.tab === 'history') return <History fleet={fleet} openId={openId} />;
  if (view.tab === 'silences') return <Silences fleet={fleet} />;
  return <Active fleet={fleet} openId={openId} />;
}

export function AlertsPage() {
  const fleet = useQuery(clustersQuery);
  const { mutate: acknowledge, error } = useAcknowledge();
  useKeys((id) => { acknowledge({ id, note: '' }); });
  return (
    <LabelMenu>
      <div className="flex flex-col gap-3">
        <PageTitle>Alerts</PageTitle>
        <Tabs />
        {error && <FailureNote title="The alert could not be acknowledged" error={error} />}
        <Missing fleet={fleet.data ?? []} />
        {fleet.isPending && <RowsSkeleton what="the alerts" />}
        {!fleet.data && fleet.error && <FailureNote title="The fleet could not be read" error={fleet.error} onRetry={() => void fleet.refetch()} />}
        {fleet.data && <Shown fleet={fleet.data} />}
      </div>
      {fleet.data && <AlertDrawer fleet={fleet.data} />}
    </LabelMenu>
  );
}
