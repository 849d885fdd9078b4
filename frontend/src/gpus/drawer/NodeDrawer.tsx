/** One node beside the list: how it is read, what its cards did, each card in full, and who holds them since when. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, type ReactNode } from 'react';

import { gpuNodeQuery } from '../../api/gpus';
import { Problem } from '../../api/problem';
import type { Cluster, GpuNodeDetail } from '../../api/types';
import { Drawer } from '../../ui/Drawer';
import { EmptyState, FailureNote } from '../../ui/Notice';
import { Bone, Loading } from '../../ui/Skeleton';
import { Since } from '../../ui/Time';
import { GpuCard, keyOf } from '../GpuCard';
import { NodeFindings, ReadAt, sources } from '../Nodes';
import { namedBy, useGpus } from '../view';
import { Claims } from './Claims';
import { Details } from './Details';

// The chart is half of what this page weighs.
const NodeHistory = lazy(() => import('./NodeHistory'));

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-3">
      <dt className="w-28 shrink-0 text-muted">{name}</dt>
      <dd className="min-w-0 flex-1 break-words">{children}</dd>
    </div>
  );
}

const each = (values: readonly (string | null)[]): string => [...new Set(values.flatMap((value) => value ?? []))].join(', ') || '–';

function Facts({ node }: { node: GpuNodeDetail }) {
  return (
    <dl className="flex flex-col gap-1 text-sm">
      <Fact name="Cluster">
        <Link to="/clusters/$name" params={{ name: node.cluster_name }} className="text-accent underline">
          {node.cluster_name}
        </Link>
      </Fact>
      <Fact name="Told by">
        <span className="flex flex-wrap gap-x-3">
          {sources[node.source]} <ReadAt node={node} />
        </span>
      </Fact>
      <Fact name="Driver">
        {each(node.gpus.map(({ driver_version }) => driver_version))}, CUDA {each(node.gpus.map(({ cuda_version }) => cuda_version))}
      </Fact>
      {node.attached !== null && <Fact name="Cards">{`${node.gpus.length} told of, ${node.attached} by the driver`}</Fact>}
      {node.lost.length > 0 && <Fact name="Out of reach">{node.lost.join(', ')}: the driver does not reach the cards at these addresses</Fact>}
      {node.missing.map(({ uuid, index, name, since }) => (
        <Fact key={`${uuid ?? ''} ${index ?? ''}`} name="Missing">
          {index === null ? 'A card' : `GPU ${index}`} {name && `(${name})`} <Since time={since} />
        </Fact>
      ))}
    </dl>
  );
}

function Content({ node }: { node: GpuNodeDetail }) {
  return (
    <div className="flex flex-col gap-4">
      <Facts node={node} />
      <NodeFindings node={node} />
      <Suspense fallback={<Bone className="h-80" />}>
        <NodeHistory node={node} />
      </Suspense>
      <ul aria-label="Cards" className="flex flex-col gap-2">
        {node.gpus.map((gpu, place) => (
          <li key={keyOf(gpu, place)}>
            <GpuCard gpu={gpu} stale={node.stale}>
              <Details gpu={gpu} source={node.source} />
            </GpuCard>
          </li>
        ))}
      </ul>
      <Claims claims={node.claims} />
    </div>
  );
}

function Gone() {
  return (
    <EmptyState title="There is no such node with GPUs">
      <p className="text-muted">It has left, has no GPUs, or is not granted to you.</p>
    </EmptyState>
  );
}

function Node({ clusterId, name }: { clusterId: string; name: string }) {
  const { data, error, refetch } = useQuery(gpuNodeQuery(clusterId, name));
  if (error instanceof Problem && error.status === 404) return <Gone />;
  if (!data && !error) {
    return (
      <Loading what="the node">
        <Bone className="mb-3 h-24" />
        <Bone className="mb-3 h-80" />
        <Bone className="h-64" />
      </Loading>
    );
  }
  return (
    <>
      {error && <FailureNote title={data ? 'The node could not be read again; what is shown may be old' : 'The node could not be read'} error={error} onRetry={() => void refetch()} />}
      {data && <Content node={data} />}
    </>
  );
}

function Body({ fleet }: { fleet: readonly Cluster[] }) {
  const { view } = useGpus();
  const named = namedBy(view.node);
  const cluster = fleet.find(({ name }) => name === named?.cluster);
  if (!named || !cluster) return <Gone />;
  return <Node key={view.node} clusterId={cluster.id} name={named.node} />;
}

export function NodeDrawer({ fleet }: { fleet: readonly Cluster[] }) {
  const { view, change } = useGpus();
  return (
    <Drawer
      title={namedBy(view.node)?.node ?? 'Node'}
      open={view.node !== undefined}
      onClose={() => { change({ node: undefined, metric: undefined, span: undefined }); }}
      backTo="[data-node][aria-current] a"
    >
      <Body fleet={fleet} />
    </Drawer>
  );
}
