/** The whole view of the GPUs as its address holds it. */
import { textsIn } from '../ui/texts';

/** Everything is text and optional: what is not said is at its default. */
export interface GpusView {
  /** The cards, unless it is `waste`. */
  show?: string;
  /** Names of clusters, joined by commas, as the next one is. */
  cluster?: string;
  health?: string;
  model?: string;
  stale?: string;
  q?: string;
  sort?: string;
  page?: string;
  /** The node that is open beside the list: its cluster and its name. */
  node?: string;
  /** Of the open node's chart: what it shows, and how far back. */
  metric?: string;
  span?: string;
  /** Of the waste: by what it is told, and how far back. */
  by?: string;
  since?: string;
}

const KEYS = ['show', 'cluster', 'health', 'model', 'stale', 'q', 'sort', 'page', 'node', 'metric', 'span', 'by', 'since'] as const;

export const readGpus = (search: Record<string, unknown>): GpusView => textsIn(search, KEYS);
