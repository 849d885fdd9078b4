/** Nodes with GPUs by cluster, and each node's cards; the name of a node opens it beside the list. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Clock, TriangleAlert } from 'lucide-react';

import { gpuNodesQuery } from '../api/gpus';
import { Problem } from '../api/problem';
import type { Cluster, GpuNode, GpuSummary } from '../api/types';
import { Answered } from '../ui/Answered';
import { Button } from '../ui/Button';
import { cx } from '../ui/classes';
import { EmptyState } from '../ui/Notice';
import { pageOf } from '../ui/pageOf';
import { Paging } from '../ui/Paging';
import { Ago } from '../ui/Time';
import { FilterBar } from './FilterBar';
import { Findings } from './Findings';
import { GpuCard, keyOf } from './GpuCard';
import { edges, worstOf } from './looks';
import { addressOf, changed, nodesAsked, UNFILTERED, useGpus } from './view';

export const sources = { DCGM: 'DCGM exporter', NVIDIA_SMI: 'nvidia-smi' } as const satisfies Record<GpuNode['source'], string>;

/** "8 × NVIDIA H100 80GB HBM3"; a node may have cards of several models. */
export function modelsOf(gpus: GpuNode['gpus']): string {
  const counts = new Map<string, number>();
  for (const { name } of gpus) counts.set(name ?? 'of unknown model', (counts.get(name ?? 'of unknown model') ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} × ${name}`).join(', ');
}

export function ReadAt({ node }: { node: Pick<GpuNode, 'stale' | 'last_updated'> }) {
  return (
    <span className={cx('flex items-center gap-1', node.stale && 'text-warn')}>
      {node.stale && <Clock size={14} aria-hidden />}
      {node.stale ? 'Stale, read' : 'Read'} {node.last_updated === null ? 'never' : <Ago time={node.last_updated} />}
    </span>
  );
}

export function Problems({ errors }: { errors: readonly string[] }) {
  if (errors.length === 0) return null;
  return (
    <ul aria-label="What could not be read" className="flex flex-col gap-0.5 text-sm">
      {errors.map((error) => (
        <li key={error} className="flex items-start gap-2">
          <TriangleAlert size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />
          <span className="min-w-0 break-words">{error}</span>
        </li>
      ))}
    </ul>
  );
}

/** What is wrong with a node besides its cards. */
export function NodeFindings({ node }: { node: Pick<GpuNode, 'findings' | 'errors'> }) {
  return (
    <>
      <Findings findings={node.findings} label="Findings of the node" />
      <Problems errors={node.errors} />
    </>
  );
}

function Node({ node, open }: { node: GpuNode; open: boolean }) {
  const worst = worstOf(node);
  return (
    <article
      data-node={node.node_name}
      data-health={worst}
      aria-current={open ? 'true' : undefined}
      className={cx(
        'flex flex-col gap-2 rounded-lg border border-line bg-raised p-3 aria-[current]:border-accent',
        (node.stale || node.errors.length > 0) && 'border-l-4 border-l-warn',
        worst && cx('border-l-4', edges[worst]),
      )}
    >
      <header className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
        <h3 className="font-semibold break-all">
          <Link
            to="/gpus"
            search={(old) => changed(old, { node: addressOf(node) })}
            resetScroll={false}
            preload={false}
            className="text-accent hover:underline"
          >
            {node.node_name}
          </Link>
        </h3>
        <span className="text-sm text-muted">{modelsOf(node.gpus)}</span>
        <span className="flex flex-wrap gap-x-3 text-sm text-muted sm:ml-auto">
          <span>by {sources[node.source]}</span>
          <ReadAt node={node} />
        </span>
      </header>
      <NodeFindings node={node} />
      <ul className="grid grid-cols-1 gap-2 sm:grid-cols-[repeat(auto-fill,minmax(300px,1fr))]">
        {node.gpus.map((gpu, place) => (
          <li key={keyOf(gpu, place)} className="[contain-intrinsic-height:auto_180px] [content-visibility:auto]">
            <GpuCard gpu={gpu} stale={node.stale} />
          </li>
        ))}
      </ul>
    </article>
  );
}

/** In the order that they came: whose node is worst comes first. */
function byCluster(nodes: readonly GpuNode[]): [string, GpuNode[]][] {
  const groups = new Map<string, GpuNode[]>();
  for (const node of nodes) groups.set(node.cluster_name, [...(groups.get(node.cluster_name) ?? []), node]);
  return [...groups];
}

function NothingFits() {
  const { change } = useGpus();
  return (
    <EmptyState title="No node fits">
      <p className="text-muted">No node with GPUs has all that the filters above ask for.</p>
      <div>
        <Button onClick={() => { change(UNFILTERED); }}>Clear the filters</Button>
      </div>
    </EmptyState>
  );
}

export function Nodes({ fleet, summary }: { fleet: readonly Cluster[]; summary: GpuSummary | undefined }) {
  const { view } = useGpus();
  const asked = useQuery(gpuNodesQuery(nodesAsked(view, fleet)));
  // Of named clusters that have no GPUs at all, the platform says that there is nothing.
  const none = asked.error instanceof Problem && asked.error.status === 404;
  return (
    <>
      <FilterBar fleet={fleet} summary={summary} nodes={none ? 0 : asked.data?.total} waiting={asked.isPlaceholderData} />
      {none ? (
        <NothingFits />
      ) : (
        <Answered asked={asked} what="The nodes" isEmpty={({ items }) => items.length === 0} empty={<NothingFits />}>
          {({ items, total_pages }) => (
            <div aria-busy={asked.isPlaceholderData} className={cx('flex flex-col gap-4', asked.isPlaceholderData && 'opacity-60')}>
              {byCluster(items).map(([cluster, nodes]) => (
                <section key={cluster} aria-label={cluster} className="flex flex-col gap-2">
                  <h2 className="text-base font-semibold">
                    <Link to="/clusters/$name" params={{ name: cluster }} className="hover:underline">
                      {cluster}
                    </Link>
                  </h2>
                  {nodes.map((node) => (
                    <Node key={node.node_name} node={node} open={view.node === addressOf(node)} />
                  ))}
                </section>
              ))}
              <Paging page={pageOf(view)} pages={total_pages} />
            </div>
          )}
        </Answered>
      )}
    </>
  );
}
