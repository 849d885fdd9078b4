/** The dashboard: trouble first, then the counts, then a card for each cluster. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { clustersQuery, summaryQuery } from '../api/clusters';
import type { Cluster } from '../api/types';
import { Button } from '../ui/Button';
import { useDerived } from '../ui/clock';
import { EmptyState, FailureNote } from '../ui/Notice';
import { PageTitle } from '../ui/PageTitle';
import { counted } from '../ui/words';
import { AttentionStrip } from './AttentionStrip';
import { ClusterCard } from './ClusterCard';
import { fits } from './filter';
import { FilterBar } from './FilterBar';
import { FleetSkeleton } from './FleetSkeleton';
import { NoClusters } from './NoClusters';
import { worstFirst } from './health';

const route = getRouteApi('/');

function Cards({ clusters }: { clusters: readonly Cluster[] }) {
  return (
    <ul className="grid grid-cols-1 gap-3 sm:grid-cols-[repeat(auto-fill,minmax(340px,1fr))]">
      {clusters.map((cluster) => (
        <li key={cluster.id} className="[contain-intrinsic-height:auto_190px] [content-visibility:auto]">
          <ClusterCard cluster={cluster} />
        </li>
      ))}
    </ul>
  );
}

function Listing({ clusters }: { clusters: readonly Cluster[] }) {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const shown = worstFirst(clusters).filter((cluster) => fits(cluster, filter));
  if (shown.length > 0) return <Cards clusters={shown} />;
  return (
    <EmptyState title="No cluster fits">
      <p className="text-muted">{counted(clusters.length, 'cluster is', 'clusters are')} here, but none of them fits the search and the state.</p>
      <div>
        <Button onClick={() => void navigate({ search: {} })}>Show all clusters</Button>
      </div>
    </EmptyState>
  );
}

/** A poll that fails must not take the page away: what is known stays, with its age. */
function PollFailure({ error, updatedAt, retry }: { error: Error | null; updatedAt: number; retry: () => void }) {
  const age = useDerived((now) => Math.round((now - updatedAt) / 1000));
  if (!error) return null;
  return <FailureNote title={`The fleet could not be read again; what is shown is ${age} s old`} error={error} onRetry={retry} />;
}

export function FleetPage() {
  const clusters = useQuery(clustersQuery);
  const summary = useQuery(summaryQuery);
  const retry = () => void clusters.refetch();
  if (clusters.isPending) return <FleetSkeleton />;
  if (!clusters.data) return <FailureNote title="The fleet could not be read" error={clusters.error} onRetry={retry} />;
  if (clusters.data.length === 0) return <NoClusters />;
  return (
    <div className="flex flex-col gap-4">
      <PageTitle>Fleet</PageTitle>
      <PollFailure error={clusters.error} updatedAt={clusters.dataUpdatedAt} retry={retry} />
      <AttentionStrip clusters={clusters.data} />
      <FilterBar summary={summary.data} />
      <Listing clusters={clusters.data} />
    </div>
  );
}
