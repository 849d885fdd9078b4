/** How the live line stands, for the connection light and the banner. */
import { create } from 'zustand';

export type Phase = 'connecting' | 'live' | 'lost' | 'signed-out';

interface Connection {
  phase: Phase;
  /** Set from the first loss until the line is live again, so that the banner does not blink at each attempt. */
  lostSince: number | null;
  retryAt: number | null;
  reason: string;
}

export const useConnection = create<Connection>()(() => ({
  phase: 'connecting',
  lostSince: null,
  retryAt: null,
  reason: '',
}));

export const connection = {
  connecting: (): void => {
    useConnection.setState({ phase: 'connecting', retryAt: null });
  },
  live: (): void => {
    useConnection.setState({ phase: 'live', lostSince: null, retryAt: null, reason: '' });
  },
  lost: (reason: string, retryAt: number): void => {
    useConnection.setState(({ lostSince }) => ({
      phase: 'lost',
      lostSince: lostSince ?? Date.now(),
      retryAt,
      reason,
    }));
  },
  signedOut: (): void => {
    useConnection.setState({ phase: 'signed-out', retryAt: null });
  },
};
