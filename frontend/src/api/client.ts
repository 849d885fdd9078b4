/** The one way to the API: typed by the schema, with CSRF, problems as errors, and a lost session noticed. */
import createClient, { type Middleware } from 'openapi-fetch';

import { useSession } from '../session';
import { patiently } from './patience';
import { problemOf, unreachable } from './problem';
import type { paths } from './schema';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export function cookie(name: string): string {
  const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`));
  return decodeURIComponent(found?.slice(name.length + 1) ?? '');
}

const credentials: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method)) request.headers.set('X-CSRFToken', cookie('csrftoken'));
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) useSession.getState().end();
  },
  onError({ error }) {
    // A question that was called off is not a failure of the network.
    return error instanceof DOMException && error.name === 'AbortError' ? error : unreachable(error);
  },
};

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: patiently,
});
api.use(credentials);

/** The answer's data, or the problem thrown. */
export async function unwrap<Data>(
  asked: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await asked;
  if (!response.ok || data === undefined) throw problemOf(response, error);
  return data;
}
