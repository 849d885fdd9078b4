/** A point in time, said relative to now, with the absolute one and its zone on hover. */
import { absolute, ago, clockTime, useDerived } from './clock';

export function Ago({ time }: { time: string }) {
  const text = useDerived((now) => ago(time, now));
  return (
    <time dateTime={time} title={absolute(time)} className="num whitespace-nowrap">
      {text}
    </time>
  );
}

/** "since 14:02", for how long something has been so. */
export function Since({ time }: { time: string }) {
  const text = useDerived((now) => `${clockTime(time, now)} (${ago(time, now).replace(' ago', '')})`);
  return (
    <time dateTime={time} title={absolute(time)} className="num">
      since {text}
    </time>
  );
}
