/** One line to /ws, kept open. It says what it hears and how it stands; it decides nothing about clusters. */
import type { LiveEvent } from './events';
import { backoffMs, parseMessage, SIGNED_OUT_CODE, type ServerMessage } from './messages';

const HEARTBEAT_MS = 30_000;
const DEAD_AFTER_MS = 10_000;

export interface Listener {
  onEvent: (event: LiveEvent) => void;
  /** Events may have been missed: everything shown must be asked for again. */
  onHeal: () => void;
  onConnecting: () => void;
  onLive: () => void;
  onLost: (reason: string, retryAt: number) => void;
  onSignedOut: () => void;
  onServerTime: (serverTime: string, sentAt: number) => void;
}

export class LiveSocket {
  private line: WebSocket | null = null;
  private attempt = 0;
  private lastEventId: string | null = null;
  private wasLive = false;
  private stopped = false;
  private retryAfterMs: number | null = null;
  private goodbye = '';
  private timers: { retry?: number; beat?: number; dead?: number } = {};

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
  ) {}

  start(): void {
    this.stopped = false;
    window.addEventListener('online', this.retryNow);
    this.open();
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener('online', this.retryNow);
    this.clearTimers();
    this.line?.close();
    this.line = null;
  }

  readonly retryNow = (): void => {
    if (this.stopped || this.line !== null) return;
    window.clearTimeout(this.timers.retry);
    this.open();
  };

  private open(): void {
    this.listener.onConnecting();
    const line = new WebSocket(this.url);
    this.line = line;
    // A line that was given up may still speak; only the present one is listened to.
    line.onmessage = ({ data }) => {
      if (line === this.line) this.hear(parseMessage(data));
    };
    line.onclose = ({ code }) => {
      if (line === this.line) this.lose(code);
    };
    this.expectWordWithin(DEAD_AFTER_MS);
  }

  private expectWordWithin(milliseconds: number): void {
    this.timers.dead = window.setTimeout(() => {
      this.goodbye = `no answer within ${milliseconds / 1000} s`;
      this.giveUp();
    }, milliseconds);
  }

  private hear(message: ServerMessage | null): void {
    if (message === null) return;
    window.clearTimeout(this.timers.dead);
    // A newer server may say what this client does not know yet.
    const answer = this.answers[message.type] as ((told: ServerMessage) => void) | undefined;
    answer?.(message);
  }

  private readonly answers: { [Type in ServerMessage['type']]: (told: Extract<ServerMessage, { type: Type }>) => void } = {
    auth_response: () => {
      this.subscribe();
    },
    subscribed: ({ last_event_id }) => {
      this.goLive(last_event_id);
    },
    event: ({ event }) => {
      this.lastEventId = event.event_id;
      this.listener.onEvent(event);
    },
    gap: () => {
      this.listener.onHeal();
    },
    ping: ({ timestamp }) => {
      this.send({ type: 'pong', timestamp });
    },
    pong: ({ server_time, timestamp }) => {
      this.listener.onServerTime(server_time, Date.parse(timestamp));
    },
    disconnect: ({ reason, reconnect_after_ms }) => {
      this.goodbye = reason;
      this.retryAfterMs = reconnect_after_ms;
    },
    error: ({ message }) => {
      this.goodbye = message;
    },
  };

  private subscribe(): void {
    this.send({
      type: 'subscribe',
      subscription: {
        event_types: [],
        cluster_filter: [],
        namespace_filter: [],
        ...(this.lastEventId === null ? {} : { last_event_id: this.lastEventId }),
      },
    });
  }

  private goLive(lastEventId: string | null): void {
    // A first line needs the position too: should it break before any event, nothing is missed.
    this.lastEventId ??= lastEventId;
    this.attempt = 0;
    this.goodbye = '';
    if (this.wasLive) this.listener.onHeal();
    this.wasLive = true;
    this.listener.onLive();
    this.beat();
  }

  private beat(): void {
    this.clearTimers();
    this.send({ type: 'ping', timestamp: new Date().toISOString() });
    this.expectWordWithin(DEAD_AFTER_MS);
    this.timers.beat = window.setTimeout(() => {
      this.beat();
    }, HEARTBEAT_MS);
  }

  private giveUp(): void {
    const line = this.line;
    this.lose(0);
    line?.close();
  }

  private lose(code: number): void {
    this.clearTimers();
    this.line = null;
    if (this.stopped) return;
    if (code === SIGNED_OUT_CODE) {
      this.listener.onSignedOut();
      return;
    }
    const wait = this.retryAfterMs ?? backoffMs(this.attempt, Math.random());
    this.retryAfterMs = null;
    this.attempt += 1;
    this.listener.onLost(this.goodbye, Date.now() + wait);
    this.timers.retry = window.setTimeout(this.retryNow, wait);
  }

  private send(message: object): void {
    if (this.line?.readyState === WebSocket.OPEN) this.line.send(JSON.stringify(message));
  }

  private clearTimers(): void {
    window.clearTimeout(this.timers.retry);
    window.clearTimeout(this.timers.beat);
    window.clearTimeout(this.timers.dead);
  }
}
