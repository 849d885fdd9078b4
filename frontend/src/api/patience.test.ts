import { http, HttpResponse } from 'msw';
import { afterEach, expect, test, vi } from 'vitest';

import { problem, server } from '../testing/server';
import { patiently } from './patience';

const URL = 'http://localhost/api/v1/asked';

/** Refuses so often, then answers. */
function crowded(refusals: number, wait: string): { asked: number } {
  const seen = { asked: 0 };
  const answer = () => {
    seen.asked += 1;
    if (seen.asked > refusals) return HttpResponse.json({});
    const refusal = problem(429, 'RATE_LIMITED', 'Come again.');
    refusal.headers.set('Retry-After', wait);
    return refusal;
  };
  server.use(http.get(URL, answer), http.post(URL, answer));
  return seen;
}

/** Lets the seconds of a wait pass at once, and notes them. */
function noteWaits(): number[] {
  const waits: number[] = [];
  const later = window.setTimeout.bind(window);
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  vi.spyOn(window, 'setTimeout').mockImplementation(((run: () => void, ms = 0) => {
    if (ms >= 3000) waits.push(ms);
    return later(run, ms >= 3000 ? 0 : ms);
  }) as typeof window.setTimeout);
  return waits;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('what is read is read again when the platform wants to be asked, and spreads out', async () => {
  const seen = crowded(2, '3');
  const waits = noteWaits();
  expect((await patiently(new Request(URL))).status).toBe(200);
  expect(waits).toEqual([3500, 4000]);
  expect(seen.asked).toBe(3);
});

test('there is an end to it', async () => {
  const seen = crowded(1000, '3');
  noteWaits();
  expect((await patiently(new Request(URL))).status).toBe(429);
  expect(seen.asked).toBe(11);
});

test.each([
  ['what changes something', new Request(URL, { method: 'POST' }), '1'],
  ['what would take long', new Request(URL), '60'],
  ['what says no time', new Request(URL), ''],
])('%s is refused at once', async (_, request, wait) => {
  const seen = crowded(1, wait === '' ? 'soon' : wait);
  expect((await patiently(request)).status).toBe(429);
  expect(seen.asked).toBe(1);
});

test('who calls it off waits no longer', async () => {
  const seen = crowded(1, '9');
  const leaving = new AbortController();
  const asked = patiently(new Request(URL, { signal: leaving.signal }));
  await vi.waitFor(() => {
    expect(seen.asked).toBe(1);
  });
  leaving.abort();
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  expect(seen.asked).toBe(1);
});
