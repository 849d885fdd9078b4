/** What events do to the GPUs we know: nodes that are shown change at once; totals are asked for again, now and then. */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

import type { Gpu, GpuNode } from '../api/types';
import type { LiveEvent } from './events';
import { hearers } from './hearers';
import { paced } from './paced';

export const gpuKeys = {
  all: ['gpus'] as const,
  list: ['gpus', 'list'] as const,
  one: ['gpus', 'one'] as const,
  summary: ['gpus', 'summary'] as const,
};

/** A fleet tells of its nodes all the time: that is drawn four times a second, and asks for the totals twice a minute. */
const DRAW_MS = 250;
const ASK_MS = 30_000;

export const nodeKey = ({ cluster_id, node_name }: Pick<GpuNode, 'cluster_id' | 'node_name'>): string => `${cluster_id}/${node_name}`;

const instant = (time: string | null): number => (time === null ? 0 : Date.parse(time));

/** An event leaves out processes that did not fit: those known of the card stay, and the next question tells. */
function card(told: Gpu, known: readonly Gpu[]): Gpu {
  if ((told.processes_left_out ?? 0) === 0) return told;
  const before = known.find(({ uuid, index }) => uuid === told.uuid && index === told.index);
  return before ? { ...told, processes: before.processes, processes_left_out: before.processes_left_out ?? 0 } : told;
}

/** An event may come late or twice: it does not undo a newer reading. */
function newest<Known extends GpuNode>(known: Known, told: GpuNode): Known {
  if (instant(told.last_updated) < instant(known.last_updated)) return known;
  return { ...known, ...told, gpus: told.gpus.map((each) => card(each, known.gpus)) };
}

export function patched<Known extends GpuNode>(nodes: readonly Known[], told: ReadonlyMap<string, GpuNode>): readonly Known[] {
  if (!nodes.some((node) => told.has(nodeKey(node)))) return nodes;
  return nodes.map((node) => {
    const news = told.get(nodeKey(node));
    return news ? newest(node, news) : node;
  });
}

function draw(cache: QueryClient, told: ReadonlyMap<string, GpuNode>): void {
  cache.setQueriesData<{ items: GpuNode[] }>({ queryKey: gpuKeys.list }, (page) => {
    if (!page) return page;
    const items = patched(page.items, told);
    return items === page.items ? page : { ...page, items: items as GpuNode[] };
  });
  cache.setQueriesData<GpuNode>({ queryKey: gpuKeys.one }, (node) => node && patched([node], told)[0]);
}

/** Listen while mounted. */
export function useGpuEvents(): void {
  const cache = useQueryClient();
  useEffect(() => {
    let told = new Map<string, GpuNode>();
    const asking = paced(ASK_MS, () => void cache.invalidateQueries({ queryKey: gpuKeys.summary }));
    const drawing = paced(DRAW_MS, () => {
      draw(cache, told);
      told = new Map();
      asking.ask();
    });
    const hear = (event: LiveEvent) => {
      if (event.event_type !== 'GPU_UPDATE') return;
      told.set(nodeKey(event.payload), event.payload);
      drawing.ask();
    };
    hearers.add(hear);
    return () => {
      hearers.delete(hear);
      drawing.stop();
      asking.stop();
    };
  }, [cache]);
}
