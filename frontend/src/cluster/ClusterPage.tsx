/** One cluster: its state and why, what to do next, its parts, its past checks and its record. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { clusterQuery, keys } from '../api/clusters';
import { Problem } from '../api/problem';
import type { Cluster } from '../api/types';
import { EmptyState, FailureNote } from '../ui/Notice';
import { PageTitle } from '../ui/PageTitle';
import { Bone, Loading } from '../ui/Skeleton';
import { AbilitiesPanel } from './AbilitiesPanel';
import { ClusterHeader } from './ClusterHeader';
import { ClusterRecord } from './ClusterRecord';
import { HealthHistory } from './HealthHistory';
import { PartsPanel } from './PartsPanel';

const route = getRouteApi('/clusters/$name');

function ClusterSkeleton() {
  return (
    <Loading what="the cluster">
      <div className="flex flex-col gap-4">
        <Bone className="h-28" />
        <div className="grid gap-4 lg:grid-cols-3">
          <Bone className="h-80 lg:col-span-2" />
          <Bone className="h-80" />
        </div>
      </div>
    </Loading>
  );
}

function NoSuchCluster({ name }: { name: string }) {
  return (
    <EmptyState title={`There is no cluster ${name}`}>
      <p className="text-muted">It was removed, was never registered, or is not granted to you.</p>
      <p>
        <Link to="/" className="text-accent underline">
          Go to the fleet
        </Link>
      </p>
    </EmptyState>
  );
}

export function ClusterPage() {
  const { name } = route.useParams();
  const cache = useQueryClient();
  const asked = useQuery({
    ...clusterQuery(name),
    placeholderData: () => cache.getQueryData<Cluster[]>(keys.clusters)?.find((cluster) => cluster.name === name),
  });
  const cluster = asked.data;
  const gone = asked.error instanceof Problem && asked.error.status === 404;
  if (gone) return <NoSuchCluster name={name} />;
  if (asked.isPending) return <ClusterSkeleton />;
  if (!cluster) {
    return <FailureNote title={`${name} could not be read`} error={asked.error} onRetry={() => void asked.refetch()} />;
  }
  return (
    <div className="flex flex-col gap-4">
      <PageTitle>{cluster.display_name}</PageTitle>
      {asked.error && (
        <FailureNote title="The cluster could not be read again; what is shown may be old" error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      <ClusterHeader cluster={cluster} />
      <div className="grid items-start gap-4 lg:grid-cols-3">
        <div className="flex min-w-0 flex-col gap-4 lg:col-span-2">
          <HealthHistory cluster={cluster} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <PartsPanel cluster={cluster} />
          <AbilitiesPanel cluster={cluster} />
          <ClusterRecord cluster={cluster} />
        </div>
      </div>
    </div>
  );
}
