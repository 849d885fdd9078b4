/** The client: the request cache around the pages. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';

import { worthRetrying } from './api/problem';
import { makeRouter } from './routes';

export const makeCache = (): QueryClient =>
  new QueryClient({ defaultOptions: { queries: { retry: worthRetrying, staleTime: 5000 } } });

export function App() {
  const [cache] = useState(makeCache);
  const [router] = useState(makeRouter);
  return (
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
