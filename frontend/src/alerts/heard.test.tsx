import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { vi } from 'vitest';

import type { Alert } from '../api/types';
import { alertEvent, alertOf, alertPage } from '../testing/alerts';
import { statusOf, tokyo } from '../testing/fixtures';
import { openClient, statusEvent } from '../testing/harness';
import { server } from '../testing/server';

const disk = alertOf('DiskFull');
const slow = alertOf('Slow');

function holding(...alerts: Alert[]) {
  const held = { alerts };
  server.use(http.get('*/api/v1/alerts', () => HttpResponse.json(alertPage(held.alerts))));
  return held;
}

const count = (words: string) => screen.findByText(words, { selector: '[role=status]' });

test('how many alerts there are is read out as the answer to a question, not each time that it changes by itself', async () => {
  const held = holding(disk);
  const { line } = openClient('/alerts');
  const region = await count('1 alert');
  await waitFor(() => {
    expect(region).toHaveAttribute('aria-live', 'off');
  });
  await screen.findByText('Live');
  held.alerts = [disk, slow];
  line.send(alertEvent('ALERT_FIRED', slow));
  await waitFor(() => {
    expect(region).toHaveTextContent('2 alerts');
  });
  expect(region).toHaveAttribute('aria-live', 'off');
  await userEvent.click(screen.getByRole('button', { name: /^Warning/ }));
  expect(region).toHaveAttribute('aria-live', 'polite');
});

test('a cluster that falls silent is told in a region that was there before', async () => {
  holding(disk);
  const { line } = openClient('/alerts');
  await count('1 alert');
  await screen.findByText('Live');
  const regions = screen.getAllByRole('status');
  line.send(statusEvent(tokyo, statusOf({ alertmanager_healthy: false, checked_at: new Date().toISOString() })));
  const told = await screen.findByText(/Alertmanager of edge-tokyo does not answer/);
  expect(regions).toContain(told.closest('[role=status]'));
});

test('the words of what loads follow their region', async () => {
  server.use(http.get('*/api/v1/alerts', () => new Promise<never>(() => undefined)));
  // The page itself loads first, with a region of its own.
  const wereEmpty = new Set<Element>();
  const watch = new MutationObserver(() => {
    document.querySelectorAll('[role=status]:empty').forEach((each) => wereEmpty.add(each));
  });
  watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  openClient('/alerts');
  const region = await screen.findByText('Loading the alerts');
  watch.disconnect();
  expect(region).toHaveAttribute('role', 'status');
  expect(wereEmpty).toContain(region);
});

test('labels that wrapped out of sight are not reached by Tab', async () => {
  const seen: { tell: IntersectionObserverCallback; targets: Element[] }[] = [];
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      private readonly its: { tell: IntersectionObserverCallback; targets: Element[] };
      constructor(tell: IntersectionObserverCallback) {
        this.its = { tell, targets: [] };
        seen.push(this.its);
      }
      observe(target: Element) { this.its.targets.push(target); }
      disconnect() { this.its.targets = []; }
    },
  );
  holding(alertOf('DiskFull', { labels: { alertname: 'DiskFull', pod: 'db-0', team: 'red' } }));
  openClient('/alerts');
  const list = within(await screen.findByRole('list', { name: 'Labels' }));
  const [pod, team] = list.getAllByRole('listitem');
  for (const { tell, targets } of seen) {
    tell(targets.map((target) => ({ target, isIntersecting: target === pod })) as unknown as IntersectionObserverEntry[], undefined as never);
  }
  expect([pod?.inert, team?.inert]).toEqual([false, true]);
  vi.unstubAllGlobals();
});

test('a span of history alone can be cleared, at the filters and where nothing fits', async () => {
  const { router } = openClient('/alerts?tab=history&since=now-1d');
  expect(await screen.findByRole('heading', { name: 'No past alert fits' })).toBeInTheDocument();
  const [clear, ...others] = screen.getAllByRole('button', { name: 'Clear the filters' });
  expect(others).toHaveLength(1);
  if (clear) await userEvent.click(clear);
  await waitFor(() => {
    expect(router.state.location.searchStr).toBe('?tab=history');
  });
  expect(screen.queryByRole('button', { name: 'Clear the filters' })).not.toBeInTheDocument();
});
