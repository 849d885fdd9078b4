/** Clusters as addresses name them: their names, joined by commas. */
import type { Cluster } from '../api/types';

type Fleet = readonly Pick<Cluster, 'id' | 'name'>[];

export const listIn = (text: string | undefined): string[] => text?.split(',').filter(Boolean) ?? [];

const known = (fleet: Fleet): Map<string, string> => new Map(fleet.map(({ id, name }) => [name, id]));

export function idsOf(names: string | undefined, fleet: Fleet): string[] {
  const byName = known(fleet);
  return listIn(names).flatMap((name) => byName.get(name) ?? []);
}

/** Names that no cluster has. They must not turn into all clusters where no other is named. */
export function unknownIn(names: string | undefined, fleet: Fleet): { names: string[]; nobody: boolean } {
  const byName = known(fleet);
  const named = listIn(names);
  const unknown = named.filter((name) => !byName.has(name));
  return { names: unknown, nobody: named.length > 0 && unknown.length === named.length };
}
