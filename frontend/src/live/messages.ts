/** What travels over /ws, and how each kind of broken line is answered. */
import type { LiveEvent } from './events';

export type ServerMessage =
  | { type: 'auth_response'; status: string; client_id: string }
  | { type: 'subscribed'; last_event_id: string | null }
  | { type: 'event'; event: LiveEvent }
  | { type: 'ping'; timestamp: string }
  | { type: 'pong'; timestamp: string; server_time: string }
  | { type: 'gap'; from: string; to: string }
  | { type: 'error'; code: string; message: string }
  | { type: 'disconnect'; reason: string; reconnect_after_ms: number };

/** The message, or null for what is no message at all: a frame that we cannot read tells us nothing. */
export function parseMessage(frame: unknown): ServerMessage | null {
  if (typeof frame !== 'string') return null;
  try {
    const message: unknown = JSON.parse(frame);
    return typeof message === 'object' && message !== null && 'type' in message ? (message as ServerMessage) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export const SIGNED_OUT_CODE = 4401;

/** 1, 2, 4 ... 30 s, spread by a third so that a restarted server is not asked by every browser at once. */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(30_000, 1000 * 2 ** attempt) * (1 + random / 3);
}
