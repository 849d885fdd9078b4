/** The view in the address, and how to change it. Every part of the page reads and writes it here. */
import { getRouteApi } from '@tanstack/react-router';

import type { NodesQuery, WasteQuery } from '../api/gpus';
import type { Cluster, Gpu } from '../api/types';
import { idsOf, listIn } from '../fleet/named';
import { pageOf } from '../ui/pageOf';
import { readGpus, type GpusView } from './address';

const route = getRouteApi('/gpus');

export type Changes = { [Key in keyof GpusView]?: GpusView[Key] | undefined };

/** Another filter begins at the first page; what is about the open node does not. */
const KEEPS_THE_PAGE: readonly (keyof GpusView)[] = ['node', 'metric', 'span'];

export function changed(view: GpusView, changes: Changes): GpusView {
  const keeps = Object.keys(changes).every((key) => KEEPS_THE_PAGE.some((each) => each === key));
  return readGpus({ ...view, ...(!keeps && { page: undefined }), ...changes });
}

export function useGpus() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const change = (changes: Changes, how: { replace?: boolean } = {}) => {
    void navigate({ search: (old) => changed(old, changes), replace: how.replace ?? false, resetScroll: false });
  };
  return { view, change };
}

export const PAGE_SIZE = 20;
const WORST_FIRST = '-health,cluster,node_name';

export const healths = ['CRITICAL', 'WARNING', 'INFO', 'OK'] as const satisfies readonly Gpu['health'][];

export function nodesAsked(view: GpusView, fleet: readonly Cluster[]): NodesQuery {
  const health = healths.filter((each) => listIn(view.health).includes(each));
  const clusters = idsOf(view.cluster, fleet);
  return {
    ...(clusters.length > 0 && { cluster_id: clusters }),
    ...(health.length > 0 && { health }),
    ...(view.model !== undefined && { model: [view.model] }),
    ...(view.stale === 'yes' && { stale: true }),
    ...(view.q !== undefined && { search: [view.q] }),
    ordering: view.sort ?? WORST_FIRST,
    page: pageOf(view),
    page_size: PAGE_SIZE,
  };
}

export function wasteAsked(view: GpusView, fleet: readonly Cluster[]): Omit<WasteQuery, 'since'> {
  const clusters = idsOf(view.cluster, fleet);
  return clusters.length > 0 ? { cluster_id: clusters } : {};
}

/** What narrows the nodes, besides their clusters. */
export const isFiltered = ({ cluster, health, model, stale, q }: GpusView): boolean =>
  [cluster, health, model, stale, q].some((part) => part !== undefined);

export const UNFILTERED = { cluster: undefined, health: undefined, model: undefined, stale: undefined, q: undefined } as const;

/** Nodes are named in addresses by names alone, so that a link reads well and outlives a registration anew. */
export const addressOf = ({ cluster_name, node_name }: { cluster_name: string; node_name: string }): string => `${cluster_name}/${node_name}`;

export function namedBy(address: string | undefined): { cluster: string; node: string } | null {
  const [cluster, node] = (address ?? '').split('/');
  return cluster && node ? { cluster, node } : null;
}
