import { clusterOf, statusOf } from '../testing/fixtures';
import { downWords, isStale, needsAttention, wellSince, worstFirst } from './health';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const checkedAgo = (seconds: number) =>
  clusterOf('one', { status: statusOf({ checked_at: new Date(NOW - seconds * 1000).toISOString() }) });

test('a cluster is stale three intervals and one poll after its last check', () => {
  expect(isStale(checkedAgo(59), NOW)).toBe(false);
  expect(isStale(checkedAgo(61), NOW)).toBe(true);
});

test('a disabled cluster is neither stale nor in need of attention', () => {
  const disabled = { ...checkedAgo(9999), enabled: false };
  expect(isStale(disabled, NOW)).toBe(false);
  expect(needsAttention(disabled, NOW)).toBe(false);
});

test('a cluster that we could not check needs attention, one that waits for its first check does not', () => {
  const checked_at = new Date(NOW).toISOString();
  const unknown = (last_error: string) =>
    clusterOf('one', { status: statusOf({ state: 'UNKNOWN', last_error, checked_at }) });
  expect(needsAttention(unknown('The stored credential cannot be opened.'), NOW)).toBe(true);
  expect(needsAttention(unknown(''), NOW)).toBe(false);
});

test('disabled clusters come last, whatever their state', () => {
  const off = clusterOf('off', { enabled: false, status: statusOf({ state: 'OFFLINE' }) });
  expect(worstFirst([off, clusterOf('on')]).map(({ name }) => name)).toEqual(['on', 'off']);
});

test('of two degraded clusters the lower score comes first', () => {
  const mild = clusterOf('a', { status: statusOf({ state: 'DEGRADED', health_score: 85 }) });
  const bad = clusterOf('b', { status: statusOf({ state: 'DEGRADED', health_score: 65 }) });
  expect(worstFirst([mild, bad]).map(({ name }) => name)).toEqual(['b', 'a']);
});

test('the parts that are down are named', () => {
  expect(downWords(statusOf({ prometheus_healthy: false, loki_healthy: false }))).toBe('Prometheus and Loki down');
  expect(downWords(statusOf())).toBe('');
});

test('all has been well since the last change of state', () => {
  const early = clusterOf('a', { status: statusOf({ state_since: '2026-01-01T00:00:00Z' }) });
  const late = clusterOf('b', { status: statusOf({ state_since: '2026-01-02T00:00:00Z' }) });
  expect(wellSince([late, early])).toBe('2026-01-02T00:00:00Z');
});
