/** The time asked about: a range, quick or absolute, or one instant. */
import { CalendarClock, ChevronDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useId, useState, type SubmitEvent } from 'react';

import { Button } from '../ui/Button';
import { cx } from '../ui/classes';
import { absolute, now, zone } from '../ui/clock';
import { field, menuItem, PopoverContent } from '../ui/Menu';
import { DEFAULT_FROM, type Explore } from './address';
import { isoOf, localInput, momentOf, quickRanges, rangeWords } from './moment';

type Change = (changes: Partial<Explore>) => void;

function TimeField({ name, label, value }: { name: string; label: string; value: number | null }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-xs text-muted">
        {label}
      </label>
      <input
        id={id}
        name={name}
        type="datetime-local"
        step={1}
        required
        defaultValue={value === null ? '' : localInput(value)}
        className={cx(field, 'num')}
      />
    </div>
  );
}

/** What a datetime-local field says is in the browser's zone; addresses hold UTC, the same for everyone. */
const isoFrom = (form: FormData, name: string): string => {
  const text = form.get(name);
  return isoOf(new Date(typeof text === 'string' ? text : '').getTime() / 1000);
};

function AbsoluteRange({ from, to, onApply }: { from: string; to: string; onApply: (from: string, to: string) => void }) {
  const [wrong, setWrong] = useState('');
  const at = now() / 1000;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    // The picker floats within the question's form in React's tree, if not in the page's.
    event.stopPropagation();
    const form = new FormData(event.currentTarget);
    const [start, end] = [isoFrom(form, 'from'), isoFrom(form, 'to')];
    if (start < end) onApply(start, end);
    else setWrong('The end must be after the start.');
  };
  return (
    <form onSubmit={submit} className="flex w-56 flex-col gap-2 p-3">
      <TimeField name="from" label="From" value={momentOf(from, at)} />
      <TimeField name="to" label="To" value={momentOf(to, at)} />
      <p className="text-xs text-muted">Times are in {zone()}</p>
      {wrong && (
        <p role="alert" className="text-xs text-bad">
          {wrong}
        </p>
      )}
      <Button type="submit" size="small">
        Apply
      </Button>
    </form>
  );
}

export function RangePicker({ from = DEFAULT_FROM, to = 'now', onChange }: { from: string | undefined; to: string | undefined; onChange: Change }) {
  const [open, setOpen] = useState(false);
  const choose = (start: string, end: string) => {
    setOpen(false);
    onChange({ from: start === DEFAULT_FROM ? '' : start, to: end === 'now' ? '' : end });
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button aria-label={`Time range: ${rangeWords(from, to)}`}>
          <CalendarClock size={16} aria-hidden />
          <span className="num">{rangeWords(from, to)}</span>
          <ChevronDown size={14} aria-hidden />
        </Button>
      </Popover.Trigger>
      <PopoverContent aria-label="Time range" className="flex flex-wrap max-sm:w-64">
        <ul className="w-44 border-line p-1 sm:border-r" aria-label="Quick ranges">
          {quickRanges.map(([value, words]) => (
            <li key={value}>
              <button
                type="button"
                className={cx(menuItem, 'hover:bg-hover focus-visible:bg-hover aria-[current]:font-semibold')}
                aria-current={value === from && to === 'now' ? 'true' : undefined}
                onClick={() => {
                  choose(value, 'now');
                }}
              >
                {words}
              </button>
            </li>
          ))}
        </ul>
        <AbsoluteRange from={from} to={to} onApply={choose} />
      </PopoverContent>
    </Popover.Root>
  );
}

export function InstantPicker({ at = 'now', onChange }: { at: string | undefined; onChange: Change }) {
  const [open, setOpen] = useState(false);
  const choose = (time: string) => {
    setOpen(false);
    onChange({ at: time });
  };
  const words = at === 'now' ? 'Now' : absolute(at);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button aria-label={`Time: ${words}`}>
          <CalendarClock size={16} aria-hidden />
          <span className="num">{words}</span>
          <ChevronDown size={14} aria-hidden />
        </Button>
      </Popover.Trigger>
      <PopoverContent aria-label="Time">
        <form
          className="flex w-56 flex-col gap-2 p-3"
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            choose(isoFrom(new FormData(event.currentTarget), 'at'));
          }}
        >
          <TimeField name="at" label="At" value={momentOf(at, now() / 1000)} />
          <p className="text-xs text-muted">Times are in {zone()}</p>
          <Button type="submit" size="small">
            Apply
          </Button>
          <Button
            size="small"
            onClick={() => {
              choose('');
            }}
          >
            Now
          </Button>
        </form>
      </PopoverContent>
    </Popover.Root>
  );
}
