import { waitFor } from '@testing-library/react';
import { vi } from 'vitest';

import { hub, statusOf } from '../testing/fixtures';
import { holdLine, statusEvent } from '../testing/harness';
import { backoffMs, parseMessage } from './messages';
import { LiveSocket, type Listener } from './socket';
import { liveUrl } from './useEvents';

function listener() {
  return {
    onEvent: vi.fn<Listener['onEvent']>(),
    onHeal: vi.fn<Listener['onHeal']>(),
    onConnecting: vi.fn<Listener['onConnecting']>(),
    onLive: vi.fn<Listener['onLive']>(),
    onLost: vi.fn<Listener['onLost']>(),
    onSignedOut: vi.fn<Listener['onSignedOut']>(),
    onServerTime: vi.fn<Listener['onServerTime']>(),
  };
}

let socket: LiveSocket | undefined;
afterEach(() => {
  socket?.stop();
});

function open(told: Listener): LiveSocket {
  socket = new LiveSocket(liveUrl(), told);
  socket.start();
  return socket;
}

test('it is live once its subscription is confirmed, and then pings', async () => {
  const line = holdLine();
  const told = listener();
  open(told);
  await waitFor(() => {
    expect(told.onServerTime).toHaveBeenCalledOnce();
  });
  expect(told.onLive).toHaveBeenCalledOnce();
  expect(told.onHeal).not.toHaveBeenCalled();
  expect(line.heard.map(({ type }) => type)).toEqual(['subscribe', 'ping']);
});

test('after a loss it subscribes from the last event it heard, and asks for healing', async () => {
  const line = holdLine();
  const told = listener();
  const opened = open(told);
  await waitFor(() => {
    expect(told.onLive).toHaveBeenCalled();
  });
  const event = statusEvent(hub, statusOf());
  line.send(event);
  await waitFor(() => {
    expect(told.onEvent).toHaveBeenCalledWith(event);
  });
  line.close(1011);
  await waitFor(() => {
    expect(told.onLost).toHaveBeenCalledOnce();
  });
  opened.retryNow();
  await waitFor(() => {
    expect(told.onHeal).toHaveBeenCalledOnce();
  });
  const [, again] = line.heard.filter(({ type }) => type === 'subscribe');
  expect(again?.subscription).toMatchObject({ last_event_id: event.event_id });
});

test('a refused session is told once and not tried again', async () => {
  const line = holdLine();
  const told = listener();
  open(told);
  await waitFor(() => {
    expect(told.onLive).toHaveBeenCalled();
  });
  line.close(4401);
  await waitFor(() => {
    expect(told.onSignedOut).toHaveBeenCalledOnce();
  });
  expect(told.onLost).not.toHaveBeenCalled();
});

test('attempts come ever later, up to forty seconds', () => {
  expect([0, 1, 2, 9].map((attempt) => backoffMs(attempt, 0))).toEqual([1000, 2000, 4000, 30_000]);
  expect(backoffMs(9, 1)).toBe(40_000);
});

test('a frame that is no message is passed over', () => {
  expect([parseMessage('{'), parseMessage('[1]'), parseMessage('null'), parseMessage(new Blob())]).toEqual([null, null, null, null]);
});
