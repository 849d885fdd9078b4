/** What is shown: all of it in the address, so that a link shows a colleague the same. */
import { SlidersHorizontal, X } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';

import type { Cluster } from '../api/types';
import { ClusterPicker } from '../explore/ClusterPicker';
import { Button } from '../ui/Button';
import { cx } from '../ui/classes';
import { field } from '../ui/Menu';
import { isFiltered, listIn, matchersOf, severities, type Severity } from './address';
import { GroupPicker } from './GroupPicker';
import { severityLooks } from './looks';
import { matcherText } from './matchers';
import { SearchBox } from './SearchBox';
import { useView, type Changes } from './view';

type Counts = Partial<Record<Severity, number>> | undefined;

function SeverityChips({ counts }: { counts: Counts }) {
  const { view, change } = useView();
  const chosen = listIn(view.severity);
  const toggle = (severity: Severity) => {
    const next = severities.filter((each) => (each === severity ? !chosen.includes(each) : chosen.includes(each)));
    change({ severity: next.join(',') || undefined });
  };
  return (
    <div role="group" aria-label="Severity" className="flex flex-wrap gap-1.5">
      {severities.map((severity) => {
        const { icon: Icon, word, text } = severityLooks[severity];
        const count = counts?.[severity];
        return (
          <button
            key={severity}
            type="button"
            aria-pressed={chosen.includes(severity)}
            onClick={() => { toggle(severity); }}
            className="flex h-8 items-center gap-1.5 rounded-md border border-line bg-raised px-2.5 text-sm hover:bg-hover aria-pressed:border-accent aria-pressed:bg-hover"
          >
            <Icon size={16} className={count === 0 ? 'text-muted' : text} aria-hidden />
            {word} {counts && <span className="num font-semibold">{(count ?? 0).toLocaleString('en')}</span>}
          </button>
        );
      })}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  options: readonly (readonly [value: string, word: string])[];
  onChange: (value: string | undefined) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      className={cx(field, 'w-auto max-w-full', value === undefined ? 'border-line' : 'border-accent')}
      value={value ?? ''}
      onChange={({ target }) => { onChange(target.value || undefined); }}
    >
      {options.map(([each, word]) => (
        <option key={each} value={each}>
          {word}
        </option>
      ))}
    </select>
  );
}

const STATES = [['', 'Firing and pending'], ['FIRING', 'Firing'], ['PENDING', 'Pending']] as const;
const TAKEN = [['', 'Taken or not'], ['no', 'Not acknowledged'], ['yes', 'Acknowledged']] as const;
const MUTED = [['', 'Without silenced, inhibited'], ['shown', 'With silenced, inhibited'], ['only', 'Silenced alone']] as const;
const SORTS = [['', 'Worst first'], ['-starts_at', 'Newest first'], ['-changed_at', 'Changed last first'], ['alertname', 'By name'], ['cluster', 'By cluster']] as const;
const SPANS = [['', 'Any time'], ['now-1h', 'Last hour'], ['now-1d', 'Last day'], ['now-7d', 'Last 7 days'], ['now-30d', 'Last 30 days']] as const;

function ActiveChoices() {
  const { view, change } = useView();
  return (
    <>
      <Choice label="State" value={view.state} options={STATES} onChange={(state) => { change({ state }); }} />
      <Choice label="Acknowledged" value={view.ack} options={TAKEN} onChange={(ack) => { change({ ack: ack as Changes['ack'] }); }} />
      <Choice label="Silenced and inhibited" value={view.muted} options={MUTED} onChange={(muted) => { change({ muted: muted as Changes['muted'] }); }} />
      {view.by === undefined && <Choice label="Order" value={view.sort} options={SORTS} onChange={(sort) => { change({ sort }); }} />}
      <GroupPicker />
    </>
  );
}

function MatcherChips() {
  const { view, change, remove } = useView();
  const matchers = matchersOf(view);
  if (!isFiltered(view)) return null;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {matchers.map((matcher) => (
        <button
          key={matcherText(matcher)}
          type="button"
          onClick={() => { remove(matcher); }}
          className="inline-flex h-7 max-w-full items-center gap-1 rounded-md border border-accent px-2 font-mono text-xs hover:bg-hover"
        >
          <span className="truncate">{matcherText(matcher)}</span>
          <X size={14} className="shrink-0 text-muted" aria-hidden />
          <span className="sr-only">, take away</span>
        </button>
      ))}
      <Button
        tone="quiet"
        size="small"
        onClick={() => {
          change({ state: undefined, severity: undefined, cluster: undefined, labels: undefined, q: undefined, ack: undefined, muted: undefined });
        }}
      >
        Clear the filters
      </Button>
    </div>
  );
}

export function Clusters({ fleet }: { fleet: readonly Cluster[] }) {
  const { view, change } = useView();
  return <ClusterPicker fleet={fleet} chosen={view.cluster} onChange={({ clusters }) => { change({ cluster: clusters || undefined }); }} />;
}

/** On a phone the alerts come first: what narrows them unfolds, and says folded how much of it is set. */
function Folded({ children }: { children: ReactNode }) {
  const { view } = useView();
  const [open, setOpen] = useState(false);
  const id = useId();
  const set = [view.cluster, view.state, view.ack, view.muted, view.sort, view.by, view.since].filter((part) => part !== undefined).length;
  return (
    <>
      <Button className="sm:hidden" aria-expanded={open} aria-controls={id} onClick={() => { setOpen(!open); }}>
        <SlidersHorizontal size={16} aria-hidden /> Filters{' '}
        {set > 0 && (
          <span className="num">
            {set} <span className="sr-only">set</span>
          </span>
        )}
      </Button>
      <div id={id} className={cx('contents', !open && 'max-sm:hidden')}>
        {children}
      </div>
    </>
  );
}

export function FilterBar({ fleet, counts, children }: { fleet: readonly Cluster[]; counts?: Counts; children?: ReactNode }) {
  const { view, change } = useView();
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox />
        <SeverityChips counts={counts} />
        <Folded>
          <Clusters fleet={fleet} />
          {view.tab === 'history' ? (
            <Choice label="Over since" value={view.since} options={SPANS} onChange={(since) => { change({ since }); }} />
          ) : (
            <ActiveChoices />
          )}
        </Folded>
        {children}
      </div>
      <MatcherChips />
    </div>
  );
}
