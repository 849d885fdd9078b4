/** The fleet in numbers; each state's number is also the filter for it. */
import { getRouteApi, Link } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import type { ReactNode } from 'react';

import type { ClusterState, FleetSummary } from '../api/types';
import { cx } from '../ui/classes';
import { field } from '../ui/Menu';
import { looks, states } from '../ui/state';

const route = getRouteApi('/');

/** Rare states take no room while nobody is in them. */
const ALWAYS: readonly ClusterState[] = ['OFFLINE', 'DEGRADED', 'ONLINE'];

const chip =
  'flex h-8 items-center gap-1.5 rounded-md border border-line bg-raised px-2.5 text-sm hover:bg-hover aria-[current]:border-accent aria-[current]:bg-hover';

function StateChip({ state, count }: { state: ClusterState; count: number | undefined }) {
  const { icon: Icon, word, text } = looks[state];
  return (
    <Link
      to="/"
      search={({ q }) => ({ ...(q !== undefined && { q }), state })}
      activeOptions={{ exact: true, includeSearch: true }}
      className={cx(chip, count === 0 && 'text-muted')}
      activeProps={{ 'aria-current': 'true' }}
    >
      <Icon size={16} className={count === 0 ? 'text-muted' : text} aria-hidden />
      {word} <span className="num font-semibold">{count ?? '–'}</span>
    </Link>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-muted">{name}</dt>
      <dd className="num font-medium">{children}</dd>
    </div>
  );
}

function SearchBox() {
  const { q = '', state } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="relative w-64 max-sm:w-full">
      <Search size={16} className="absolute top-2 left-2 text-muted" aria-hidden />
      <input
        type="search"
        aria-label="Search clusters"
        placeholder="Name, region, label=value"
        className={cx(field, 'pl-8')}
        value={q}
        onChange={({ target }) =>
          void navigate({ search: { ...(state && { state }), ...(target.value && { q: target.value }) }, replace: true })
        }
      />
    </div>
  );
}

export function FilterBar({ summary }: { summary: FleetSummary | undefined }) {
  const { state: chosen, q } = route.useSearch();
  const shown = states.filter(
    (state) => ALWAYS.includes(state) || state === chosen || (summary?.by_state[state] ?? 0) > 0,
  );
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <nav aria-label="Filter by state" className="flex flex-wrap gap-1.5">
        <Link
          to="/"
          search={q === undefined ? {} : { q }}
          className={chip}
          {...(chosen === undefined && { 'aria-current': 'true' as const })}
        >
          All <span className="num font-semibold">{summary?.total_clusters ?? '–'}</span>
        </Link>
        {shown.map((state) => (
          <StateChip key={state} state={state} count={summary && (summary.by_state[state] ?? 0)} />
        ))}
      </nav>
      <SearchBox />
      {summary && (
        <dl className="flex flex-wrap gap-x-4 text-sm sm:ml-auto">
          <Fact name="Average health">{summary.avg_health_score === null ? '–' : `${Math.round(summary.avg_health_score)} %`}</Fact>
        </dl>
      )}
    </div>
  );
}
