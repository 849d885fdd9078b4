/** One PromQL question to the whole fleet, and what came back from whom. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { clustersQuery } from '../api/clusters';
import { Problem } from '../api/problem';
import type { Cluster } from '../api/types';
import { EmptyState, FailureNote } from '../ui/Notice';
import { PageTitle } from '../ui/PageTitle';
import { Bone, Loading } from '../ui/Skeleton';
import type { Explore } from './address';
import { Coverage } from './Coverage';
import { Examples } from './Examples';
import { InstantResult } from './InstantResult';
import { QueryBar } from './QueryBar';
import { RangeResult } from './RangeResult';
import { scopeOf, useAnswer } from './useAnswer';

const route = getRouteApi('/explore');

type Asked = ReturnType<typeof useAnswer>;

/** Errors that are about what was typed are shown at the box, not below. */
function refusalOf(error: Error | null): string | null {
  if (error instanceof RangeError) return error.message;
  if (error instanceof Problem && (error.code === 'INVALID_PROMQL' || error.code === 'VALIDATION_FAILED')) return error.message;
  return null;
}

function Unknown({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p role="alert" className="rounded-lg border border-line bg-warn-tint px-3 py-2">
      Not known here, and not asked: {names.join(', ')}. Choose other clusters above.
    </p>
  );
}

function Result({ asked, clusters }: { asked: Asked; clusters: readonly Cluster[] }) {
  const { zoom } = useZoom();
  const { data, isPlaceholderData, isFetching } = asked;
  if (!data) return null;
  const { answer, span, askedAt } = data;
  const dimmed = isPlaceholderData && isFetching ? 'opacity-60' : '';
  return (
    <div className={`flex flex-col gap-4 ${dimmed}`} aria-busy={isFetching}>
      <Coverage answer={answer} askedAt={askedAt} />
      {span ? (
        <RangeResult answer={answer} span={span} fleet={clusters} onZoom={zoom} />
      ) : (
        <InstantResult answer={answer} />
      )}
    </div>
  );
}

function useZoom() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const zoom = (from: string, to: string) => void navigate({ search: { ...search, from, to } });
  return { zoom };
}

function Below({ asked, clusters, explore }: { asked: Asked; clusters: readonly Cluster[]; explore: Explore }) {
  if (explore.q === undefined) return <Examples />;
  if (asked.isFetching && !asked.data) {
    return (
      <Loading what="the answer">
        <Bone className="mb-4 h-10" />
        <Bone className="h-96" />
      </Loading>
    );
  }
  if (asked.error) {
    if (refusalOf(asked.error) !== null) return null;
    return <FailureNote title="The question was not answered" error={asked.error} onRetry={() => void asked.refetch()} />;
  }
  return <Result asked={asked} clusters={clusters} />;
}

export function ExplorePage() {
  const explore = route.useSearch();
  const fleet = useQuery(clustersQuery);
  const asked = useAnswer(explore, fleet.data);
  if (fleet.data?.length === 0) {
    return (
      <EmptyState title="There is nobody to ask">
        <p className="text-muted">Register a cluster with a Prometheus address first; then ask it here.</p>
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <PageTitle>{explore.q === undefined ? 'Explore' : `${explore.q} · Explore`}</PageTitle>
      <QueryBar
        explore={explore}
        fleet={fleet.data ?? []}
        refusal={refusalOf(asked.error)}
        busy={asked.isFetching}
        onAgain={() => void asked.refetch()}
      />
      {fleet.data ? (
        <>
          <Unknown names={scopeOf(explore, fleet.data).unknown} />
          <Below asked={asked} clusters={fleet.data} explore={explore} />
        </>
      ) : (
        fleet.error && (
          <FailureNote title="The fleet could not be read" error={fleet.error} onRetry={() => void fleet.refetch()} />
        )
      )}
    </div>
  );
}
