/** What is shown: all of it in the address, so that a link shows a colleague the same. */
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Cluster } from '../api/types';
import { ClusterPicker } from '../explore/ClusterPicker';
import { listIn } from '../fleet/named';
import { Button } from '../ui/Button';
import { Choice } from '../ui/Choice';
import { Folded } from '../ui/Folded';
import { isFiltered, matchersOf, severities, UNFILTERED, type Severity } from './filters';
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
        onClick={() => { change(UNFILTERED); }}
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

export function FilterBar({ fleet, counts, children }: { fleet: readonly Cluster[]; counts?: Counts; children?: ReactNode }) {
  const { view, change } = useView();
  const set = [view.cluster, view.state, view.ack, view.muted, view.sort, view.by, view.since].filter((part) => part !== undefined).length;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox />
        <SeverityChips counts={counts} />
        <Folded set={set}>
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
