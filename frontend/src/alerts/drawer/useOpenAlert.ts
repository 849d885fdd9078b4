/** The alert that the address names, with its story. */
import { useQuery } from '@tanstack/react-query';

import { alertQuery } from '../../api/alerts';
import type { Cluster } from '../../api/types';
import { useView } from '../view';
import { namedBy } from '../words';

export function useOpenAlert(fleet: readonly Cluster[]) {
  const { view } = useView();
  const named = namedBy(view.alert);
  const cluster = fleet.find(({ name }) => name === named?.cluster);
  return useQuery({
    ...alertQuery(named?.id ?? named?.fingerprint ?? '', cluster?.id),
    enabled: named !== null && cluster !== undefined,
  });
}
