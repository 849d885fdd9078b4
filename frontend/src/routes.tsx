/** The addresses of the client. Everything a view shows is in its address, as plain readable text. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router';

import { readAlerts } from './alerts/address';
import { readExplore } from './explore/address';
import { readFilter } from './fleet/filter';
import { FleetPage } from './fleet/FleetPage';
import { readGpus } from './gpus/address';
import { Broken } from './ui/Broken';
import { Frame } from './ui/frame/Frame';
import { EmptyState } from './ui/Notice';

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    title?: string;
  }
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

function NotFound() {
  return (
    <EmptyState title="There is no such page">
      <p>
        Go to the <Link to="/" className="text-accent underline">fleet</Link> or to{' '}
        <Link to="/explore" className="text-accent underline">explore</Link>.
      </p>
    </EmptyState>
  );
}

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

export const fleetRoute = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: FleetPage,
  validateSearch: readFilter,
  staticData: { title: 'Fleet' },
});

const clusterRoute = createRoute({
  getParentRoute: () => root,
  path: '/clusters/$name',
  component: lazyRouteComponent(() => import('./cluster/ClusterPage'), 'ClusterPage'),
  staticData: { title: 'Cluster' },
});

const alertsRoute = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  component: lazyRouteComponent(() => import('./alerts/AlertsPage'), 'AlertsPage'),
  validateSearch: readAlerts,
  staticData: { title: 'Alerts' },
});

const exploreRoute = createRoute({
  getParentRoute: () => root,
  path: '/explore',
  component: lazyRouteComponent(() => import('./explore/ExplorePage'), 'ExplorePage'),
  validateSearch: readExplore,
  staticData: { title: 'Explore' },
});

const gpusRoute = createRoute({
  getParentRoute: () => root,
  path: '/gpus',
  component: lazyRouteComponent(() => import('./gpus/GpusPage'), 'GpusPage'),
  validateSearch: readGpus,
  staticData: { title: 'GPUs' },
});

/** `?state=OFFLINE&q=tokyo`: no JSON in addresses, and nothing written that is at its default. */
export function writeSearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, value]) => typeof value === 'string' && value !== '');
  const text = new URLSearchParams(given as [string, string][]).toString();
  return text && `?${text}`;
}

export const makeRouter = () =>
  createRouter({
    routeTree: root.addChildren([fleetRoute, clusterRoute, alertsRoute, gpusRoute, exploreRoute]),
    defaultPreload: 'intent',
    defaultErrorComponent: Broken,
    scrollRestoration: true,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: writeSearch,
  });
