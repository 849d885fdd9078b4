/** Who is signed in, and whether the session still holds. */
import { create } from 'zustand';

interface Session {
  ended: boolean;
  /** The server no longer knows this session: ask to sign in again, and keep the page as it is. */
  end: () => void;
}

export const useSession = create<Session>()((set) => ({
  ended: false,
  end: () => {
    set({ ended: true });
  },
}));

/** Where to sign in again and come back to this very view. */
export const signInUrl = (from: Pick<Location, 'pathname' | 'search'>): string =>
  `/accounts/login/?next=${encodeURIComponent(from.pathname + from.search)}`;
