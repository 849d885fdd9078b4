/** The whole view of Explore as its address holds it. */
import { textsIn } from '../ui/texts';

/** Everything is text and optional: what is not said is at its default. */
export interface Explore {
  q?: string;
  mode?: 'instant' | undefined;
  from?: string;
  to?: string;
  /** The time of an instant query. */
  at?: string;
  step?: string;
  /** Names, joined by commas. */
  clusters?: string;
}

export const DEFAULT_FROM = 'now-1h';

const KEYS = ['q', 'from', 'to', 'at', 'step', 'clusters'] as const;

export function readExplore(search: Record<string, unknown>): Explore {
  return { ...textsIn(search, KEYS), ...(search.mode === 'instant' && { mode: 'instant' }) };
}

export const namesIn = (clusters: string | undefined): string[] => clusters?.split(',').filter(Boolean) ?? [];
