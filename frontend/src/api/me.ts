/** The signed-in person. */
import { queryOptions, useQuery } from '@tanstack/react-query';

import { api, unwrap } from './client';
import type { Me } from './types';

const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }): Promise<Me> => unwrap(api.GET('/api/v1/me', { signal })),
  staleTime: Infinity,
});

export const useMe = () => useQuery(meQuery).data;
