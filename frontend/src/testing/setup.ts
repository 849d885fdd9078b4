/** Before each test file: the matchers, what jsdom lacks, and a network that refuses what no test expects. */
import '@testing-library/jest-dom/vitest';

import { cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';

import { useConnection } from '../live/store';
import { useSession } from '../session';
import { server } from './server';

vi.hoisted(() => {
  window.matchMedia = (query) =>
    Object.assign(new EventTarget(), { matches: false, media: query, onchange: null, addListener: () => undefined, removeListener: () => undefined });
  window.scrollTo = () => undefined;
  Element.prototype.scrollIntoView = () => undefined;
  // Without a layout nothing is ever seen, and nobody is told of it.
  window.IntersectionObserver = class {
    readonly root = null;
    readonly rootMargin = '';
    readonly scrollMargin = '';
    readonly thresholds = [];
    observe = () => undefined;
    unobserve = () => undefined;
    disconnect = () => undefined;
    takeRecords = () => [];
  };
});

configure({ asyncUtilTimeout: 20_000 });

beforeAll(() => {
  server.listen({ onUnhandledRequest: 'error' });
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
  useSession.setState(useSession.getInitialState());
  useConnection.setState(useConnection.getInitialState());
  localStorage.clear();
});
afterAll(() => {
  server.close();
});
