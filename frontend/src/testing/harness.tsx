/** The whole client in a test, at an address, with a live line that the test holds the other end of. */
import { QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { ws } from 'msw';

import { makeCache } from '../App';
import type { LiveEvent } from '../live/events';
import { liveUrl } from '../live/useEvents';
import { makeRouter } from '../routes';
import { server } from './server';

export interface Line {
  send: (event: LiveEvent) => void;
  close: (code?: number) => void;
  heard: Record<string, unknown>[];
}

// One for all tests: each link holds a channel of its own open.
const link = ws.link(liveUrl());

/** Answer /ws as the platform does: greet, confirm the subscription, answer pings. */
export function holdLine(): Line {
  const heard: Record<string, unknown>[] = [];
  const lines: { send: (text: string) => void; close: (code?: number) => void }[] = [];
  server.use(
    link.addEventListener('connection', ({ client }) => {
      lines.push(client);
      const say = (message: object) => {
        client.send(JSON.stringify(message));
      };
      client.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data as string) as Record<string, unknown>;
        heard.push(message);
        if (message.type === 'subscribe') say({ type: 'subscribed', subscription: {}, last_event_id: '1-0' });
        if (message.type === 'ping') say({ type: 'pong', timestamp: message.timestamp, server_time: new Date().toISOString() });
      });
      say({ type: 'auth_response', status: 'authenticated', client_id: 'a' });
    }),
  );
  return {
    heard,
    send: (event) => {
      lines.at(-1)?.send(JSON.stringify({ type: 'event', event }));
    },
    close: (code) => {
      lines.at(-1)?.close(code);
    },
  };
}

export function openClient(address = '/') {
  const line = holdLine();
  const router = makeRouter();
  router.update({ history: createMemoryHistory({ initialEntries: [address] }) });
  const cache = makeCache();
  cache.setDefaultOptions({ queries: { retry: false } });
  render(
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { line, router };
}

let count = 1;

export function statusEvent(
  cluster: { id: string; name: string },
  status: Extract<LiveEvent, { event_type: 'CLUSTER_STATUS_CHANGED' }>['payload']['status'],
): LiveEvent {
  count += 1;
  return {
    event_id: `${count}-0`,
    event_type: 'CLUSTER_STATUS_CHANGED',
    source: 'clusters',
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    timestamp: new Date().toISOString(),
    payload: {
      old_state: 'ONLINE',
      new_state: status.state,
      health_score: status.health_score,
      reason: status.last_error,
      status,
    },
  };
}
