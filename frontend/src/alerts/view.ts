/** The view in the address, and how to change it. Every page part of the alerts reads and writes it here. */
import { getRouteApi } from '@tanstack/react-router';
import { createContext, useCallback, use } from 'react';

import { changed, type AlertsView } from './address';
import { matchersOf } from './filters';
import { joinMatchers, withMatcher, withoutMatcher, type Matcher } from './matchers';

const route = getRouteApi('/alerts');

export type Changes = { [Key in keyof AlertsView]?: AlertsView[Key] | undefined };

export function useView() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (changes: Changes, how: { replace?: boolean } = {}) => {
      void navigate({ search: (old) => changed(old, changes), replace: how.replace ?? false, resetScroll: false });
    },
    [navigate],
  );
  const add = useCallback(
    (matcher: Matcher) => {
      void navigate({
        search: (old) => changed(old, { labels: joinMatchers(withMatcher(matchersOf(old), matcher)), alert: undefined, page: undefined }),
        resetScroll: false,
      });
    },
    [navigate],
  );
  const remove = useCallback(
    (matcher: Matcher) => {
      void navigate({ search: (old) => changed(old, { labels: joinMatchers(withoutMatcher(matchersOf(old), matcher)) }), resetScroll: false });
    },
    [navigate],
  );
  return { view, change, add, remove };
}

/** What a click on a label does, told from above, so that a hundred rows need not listen to the address. */
export interface LabelDeeds {
  include: (name: string, value: string) => void;
  exclude: (name: string, value: string) => void;
  menu: (name: string, value: string, at: { x: number; y: number }) => void;
}

export const LabelContext = createContext<LabelDeeds>({ include: () => undefined, exclude: () => undefined, menu: () => undefined });

export const useLabelDeeds = (): LabelDeeds => use(LabelContext);
