import { clusterOf, hub, statusOf } from '../testing/fixtures';
import { statusEvent } from '../testing/harness';
import type { Cluster } from '../api/types';
import type { ClusterView } from './events';
import { applyToFleet, settle } from './apply';

const at = (time: string, state: 'ONLINE' | 'OFFLINE') => statusOf({ state, checked_at: time });
const EARLY = '2026-01-31T12:00:00Z';
const LATE = '2026-01-31T12:00:10Z';

test('an older snapshot does not overwrite a newer event', () => {
  const known = [{ ...hub, status: at(LATE, 'OFFLINE') }];
  expect(settle(known, [{ ...hub, status: at(EARLY, 'ONLINE') }])[0]?.status.state).toBe('OFFLINE');
});

test('a snapshot has the last word on what exists', () => {
  expect(settle([hub, clusterOf('gone')], [hub]).map(({ name }) => name)).toEqual(['hub-frankfurt']);
});

test('a late event changes nothing', () => {
  const known = [{ ...hub, status: at(LATE, 'ONLINE') }];
  expect(applyToFleet(known, statusEvent(hub, at(EARLY, 'OFFLINE')))).toEqual(known);
});

test('an event told twice comes out the same', () => {
  const event = statusEvent(hub, at(LATE, 'OFFLINE'));
  const once = applyToFleet([{ ...hub, status: at(EARLY, 'ONLINE') }], event) ?? [];
  expect(applyToFleet(once, event)).toEqual(once);
});

test('an event of a cluster that is not known asks for a new snapshot', () => {
  expect(applyToFleet([], statusEvent(hub, at(LATE, 'OFFLINE')))).toBeNull();
});

test('an update keeps what the asking person may do', () => {
  const asked = { ...hub, permissions: ['view' as const] };
  const told: Partial<Cluster> = { ...hub, region: 'elsewhere', updated_at: LATE };
  delete told.permissions;
  const event = { ...statusEvent(hub, hub.status), event_type: 'CLUSTER_UPDATED' as const, payload: told as ClusterView };
  expect(applyToFleet([asked], event)?.[0]).toMatchObject({ region: 'elsewhere', permissions: ['view'] });
});

test('a deleted cluster leaves', () => {
  const event = { ...statusEvent(hub, hub.status), event_type: 'CLUSTER_DELETED' as const, payload: { cluster_id: hub.id } };
  expect(applyToFleet([hub], event)).toEqual([]);
});
