/** What surrounds every page: rail, top bar, banner of a lost connection, and the page itself. */
import { Outlet } from '@tanstack/react-router';

import { useEvents } from '../../live/useEvents';
import { LostBanner } from './LostBanner';
import { Rail } from './Rail';
import { SessionEnded } from './SessionEnded';
import { TopBar } from './TopBar';

export function Frame() {
  useEvents();
  return (
    <div className="flex min-h-dvh">
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <Rail />
      <div className="flex min-w-0 flex-1 flex-col pb-14 sm:pb-0">
        <TopBar />
        <LostBanner />
        <main id="content" tabIndex={-1} className="mx-auto w-full max-w-[1680px] flex-1 p-4 outline-none">
          <Outlet />
        </main>
      </div>
      <SessionEnded />
    </div>
  );
}
