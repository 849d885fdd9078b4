/** Which nodes are shown: all of it in the address, so that a link shows a colleague the same. */
import { Search } from 'lucide-react';

import type { Cluster, GpuSummary } from '../api/types';
import { ClusterPicker } from '../explore/ClusterPicker';
import { listIn } from '../fleet/named';
import { Button } from '../ui/Button';
import { Choice } from '../ui/Choice';
import { cx } from '../ui/classes';
import { Count } from '../ui/Count';
import { Folded } from '../ui/Folded';
import { field } from '../ui/Menu';
import { useDraft, useSettling } from '../ui/typing';
import { counted } from '../ui/words';
import { healthLooks } from './looks';
import { healths, isFiltered, UNFILTERED, useGpus } from './view';

function SearchBox() {
  const { view, change } = useGpus();
  const q = view.q ?? '';
  const [draft, setDraft] = useDraft(q);
  useSettling(draft, q, false, (text) => { change({ q: text || undefined }, { replace: true }); });
  return (
    <div role="search" className="relative w-72 max-sm:w-full">
      <Search size={16} className="absolute top-2 left-2 text-muted" aria-hidden />
      <input
        type="search"
        aria-label="Search nodes and cards"
        placeholder="Node, cluster, model or UUID"
        className={cx(field, 'pl-8')}
        value={draft}
        onChange={({ target }) => { setDraft(target.value); }}
      />
    </div>
  );
}

function HealthChips({ counts }: { counts: GpuSummary['by_health'] | undefined }) {
  const { view, change } = useGpus();
  const chosen = listIn(view.health);
  const toggle = (health: string) => {
    const next = healths.filter((each) => (each === health ? !chosen.includes(each) : chosen.includes(each)));
    change({ health: next.join(',') || undefined });
  };
  return (
    <div role="group" aria-label="Health" className="flex flex-wrap gap-1.5">
      {healths.map((health) => {
        const { icon: Icon, word, text } = healthLooks[health];
        const count = counts?.[health];
        return (
          <button
            key={health}
            type="button"
            aria-pressed={chosen.includes(health)}
            title="Nodes with such a card"
            onClick={() => { toggle(health); }}
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

const STALE = [['', 'Read or not'], ['yes', 'Not read any more']] as const;
const SORTS = [
  ['', 'Worst first'],
  ['cluster,node_name', 'By cluster and node'],
  ['busy_percent', 'Least used first'],
  ['-busy_percent', 'Most used first'],
  ['-temperature_celsius', 'Hottest first'],
  ['-power_draw_watts', 'Most power first'],
] as const;

function Models({ summary }: { summary: GpuSummary | undefined }) {
  const { view, change } = useGpus();
  const known = summary?.by_model.flatMap(({ model }) => model ?? []) ?? [];
  const models = view.model === undefined || known.includes(view.model) ? known : [view.model, ...known];
  const options = [['', 'Any model'] as const, ...models.map((model) => [model, model] as const)];
  return <Choice label="Model" value={view.model} options={options} onChange={(model) => { change({ model }); }} />;
}

/** Which clusters: the Waste asks for these too. */
export function Clusters({ fleet }: { fleet: readonly Cluster[] }) {
  const { view, change } = useGpus();
  return <ClusterPicker fleet={fleet} chosen={view.cluster} onChange={({ clusters }) => { change({ cluster: clusters || undefined }); }} />;
}

interface FilterBarProps {
  fleet: readonly Cluster[];
  summary: GpuSummary | undefined;
  /** How many nodes fit; undefined until it is known. */
  nodes: number | undefined;
  waiting: boolean;
}

export function FilterBar({ fleet, summary, nodes, waiting }: FilterBarProps) {
  const { view, change } = useGpus();
  const set = [view.cluster, view.model, view.stale, view.sort].filter((part) => part !== undefined).length;
  const { cluster, health, model, stale, q } = view;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchBox />
      <HealthChips counts={summary?.by_health} />
      <Folded set={set}>
        <Clusters fleet={fleet} />
        <Models summary={summary} />
        <Choice label="Stale" value={view.stale} options={STALE} onChange={(chosen) => { change({ stale: chosen }); }} />
        <Choice label="Order" value={view.sort} options={SORTS} onChange={(sort) => { change({ sort }); }} />
      </Folded>
      {isFiltered(view) && (
        <Button tone="quiet" size="small" onClick={() => { change(UNFILTERED); }}>
          Clear the filters
        </Button>
      )}
      <Count question={JSON.stringify([cluster, health, model, stale, q])} waiting={waiting} words={nodes === undefined ? undefined : counted(nodes, 'node')} />
    </div>
  );
}
