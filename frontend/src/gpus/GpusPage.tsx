/** The GPUs of the whole fleet: what they do and for whom, what is wrong with them, and what is held for nothing. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { clustersQuery } from '../api/clusters';
import { gpuSummaryQuery } from '../api/gpus';
import type { Cluster } from '../api/types';
import { idsOf, unknownIn } from '../fleet/named';
import { useGpuEvents } from '../live/gpus';
import { Answered, RowsSkeleton } from '../ui/Answered';
import { FailureNote } from '../ui/Notice';
import { NotKnown } from '../ui/NotKnown';
import { PageTitle } from '../ui/PageTitle';
import { readGpus } from './address';
import { Coverage } from './Coverage';
import { NodeDrawer } from './drawer/NodeDrawer';
import { FilterBar } from './FilterBar';
import { NoGpus } from './NoGpus';
import { Nodes } from './Nodes';
import { Summary } from './Summary';
import { useGpus } from './view';
import { Waste } from './Waste';

const tabs = [
  [undefined, 'Cards'],
  ['waste', 'Waste'],
] as const;

function Tabs() {
  const { view } = useGpus();
  return (
    <nav aria-label="GPUs" className="flex gap-4 border-b border-line">
      {tabs.map(([show, word]) => (
        <Link
          key={word}
          to="/gpus"
          // Otherwise the router takes one tab for part of each other.
          activeOptions={{ exact: true }}
          search={readGpus({ show, cluster: view.cluster })}
          aria-current={show === view.show ? 'page' : undefined}
          className="-mb-px border-b-2 border-transparent px-1 py-2 text-sm text-muted hover:text-ink aria-[current]:border-accent aria-[current]:font-medium aria-[current]:text-ink"
        >
          {word}
        </Link>
      ))}
    </nav>
  );
}

function Shown({ fleet }: { fleet: readonly Cluster[] }) {
  const { view } = useGpus();
  const { names, nobody } = unknownIn(view.cluster, fleet);
  const summary = useQuery({ ...gpuSummaryQuery(idsOf(view.cluster, fleet)), enabled: !nobody });
  if (nobody) {
    return (
      <>
        <NotKnown names={names} />
        <FilterBar fleet={fleet} summary={undefined} nodes={undefined} waiting={false} />
      </>
    );
  }
  const none = view.cluster === undefined && summary.data?.nodes === 0;
  return (
    <>
      <NotKnown names={names} />
      <Coverage clusters={summary.data?.by_cluster ?? []} />
      <Answered asked={summary} what="The totals" isEmpty={() => none} empty={<NoGpus fleet={fleet} />}>
        {(told) => <Summary told={told} />}
      </Answered>
      {!none && (view.show === 'waste' ? <Waste fleet={fleet} /> : <Nodes fleet={fleet} summary={summary.data} />)}
    </>
  );
}

export function GpusPage() {
  const fleet = useQuery(clustersQuery);
  useGpuEvents();
  return (
    <>
      <div className="flex flex-col gap-3">
        <PageTitle>GPUs</PageTitle>
        <Tabs />
        {fleet.isPending && <RowsSkeleton what="the GPUs" />}
        {!fleet.data && fleet.error && <FailureNote title="The fleet could not be read" error={fleet.error} onRetry={() => void fleet.refetch()} />}
        {fleet.data && <Shown fleet={fleet.data} />}
      </div>
      {fleet.data && <NodeDrawer fleet={fleet.data} />}
    </>
  );
}
