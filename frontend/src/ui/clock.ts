/** The time as the server has it, and the words for how long ago something was. */
import { useSyncExternalStore } from 'react';

/** A browser's clock may be minutes off; ages of server times would be as wrong without this. */
let serverAheadMs = 0;

const SKEW_THAT_MATTERS_MS = 2000;

export function setServerTime(serverTime: string, sentAt: number): void {
  const middle = (sentAt + Date.now()) / 2;
  const ahead = Date.parse(serverTime) - middle;
  if (!Number.isNaN(ahead)) serverAheadMs = Math.abs(ahead) < SKEW_THAT_MATTERS_MS ? 0 : ahead;
}

export const now = (): number => Date.now() + serverAheadMs;

const watchers = new Set<() => void>();
let ticking: number | undefined;

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  ticking ??= window.setInterval(() => {
    watchers.forEach((tell) => {
      tell();
    });
  }, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    window.clearInterval(ticking);
    ticking = undefined;
  };
}

/** Something derived from the time; the component renders again only when it comes out different. */
export const useDerived = <T extends string | number | boolean>(derive: (now: number) => T): T =>
  useSyncExternalStore(watch, () => derive(now()));

const UNITS: readonly [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** "45 s", "12 min", "3 h", "2 d". */
export function duration(ms: number): string {
  const [name, size] = UNITS.find(([, unit]) => ms >= unit) ?? ['s', 1000];
  return `${Math.max(0, Math.floor(ms / size))} ${name}`;
}

/** Seconds are told in steps of five, so that a page of ages does not flicker all the time. */
export function ago(time: string | number, at: number): string {
  const age = at - new Date(time).getTime();
  if (age < 5000) return 'just now';
  return `${duration(age < 60_000 ? Math.floor(age / 5000) * 5000 : age)} ago`;
}

const full = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
});

/** Date, time and zone. */
export const absolute = (time: string | number): string => full.format(new Date(time));

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: '2-digit',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** The clock time, with the day where it is not today. */
export function clockTime(time: string | number, at: number): string {
  const date = new Date(time);
  return (date.toDateString() === new Date(at).toDateString() ? clock : dayAndClock).format(date);
}

export const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
