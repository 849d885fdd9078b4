/** GPU-hours that were held and not used, by who held them, and what is held for nothing now. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { gpuWasteQuery } from '../api/gpus';
import type { Cluster, GpuWaste } from '../api/types';
import { Answered } from '../ui/Answered';
import { Choice } from '../ui/Choice';
import { cx } from '../ui/classes';
import { Folded } from '../ui/Folded';
import { EmptyState } from '../ui/Notice';
import { Panel } from '../ui/Panel';
import { Ago } from '../ui/Time';
import { counted } from '../ui/words';
import { hours, money, percent, shareOf, UNTOLD } from './figures';
import { Clusters } from './FilterBar';
import { Idle } from './Idle';
import { useGpus, wasteAsked } from './view';

const DAY_S = 24 * 3600;
const TIMES = [
  ['', 'Last 7 days', 7 * DAY_S],
  ['1d', 'Last day', DAY_S],
  ['30d', 'Last 30 days', 30 * DAY_S],
  ['90d', 'Last 90 days', 90 * DAY_S],
] as const;
const SINCE = TIMES.map(([value, words]) => [value, words] as const);
const BY = [['', 'By namespace'], ['owner', 'By owner'], ['cluster', 'By cluster'], ['model', 'By model']] as const;

interface Row {
  key: string;
  name: string;
  /** Where that is, besides its name. */
  place: string;
  figures: GpuWaste['by_cluster'][number] | GpuWaste['by_model'][number];
}

export function rowsOf(waste: GpuWaste, by: string | undefined): { rows: Row[]; all: number } {
  if (by === 'owner') {
    const rows = waste.by_owner.map((figures) => {
      const { cluster_name, namespace, owner } = figures;
      return { key: `${cluster_name}/${namespace}/${owner}`, name: owner || UNTOLD, place: `${namespace} in ${cluster_name}`, figures };
    });
    return { rows, all: waste.owners };
  }
  if (by === 'cluster') {
    const rows = waste.by_cluster.map((figures) => ({ key: figures.cluster_id, name: figures.cluster_name, place: '', figures }));
    return { rows, all: rows.length };
  }
  if (by === 'model') {
    const rows = waste.by_model.map((figures) => ({ key: figures.model ?? '', name: figures.model ?? 'Unknown model', place: '', figures }));
    return { rows, all: rows.length };
  }
  const rows = waste.by_namespace.map((figures) => ({ key: `${figures.cluster_name}/${figures.namespace}`, name: figures.namespace, place: figures.cluster_name, figures }));
  return { rows, all: waste.namespaces };
}

const cell = 'num px-3 py-1.5 text-right align-top whitespace-nowrap';

function Head({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <th scope="col" className={cx('px-3 py-1.5 text-right font-medium whitespace-nowrap', className)}>
      {children}
    </th>
  );
}

function Held({ waste }: { waste: GpuWaste }) {
  const { view } = useGpus();
  const { rows, all } = rowsOf(waste, view.by);
  const priced = waste.cost !== null;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table has to be reachable by keyboard
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Hours">
      <table className="w-full text-sm">
        <caption className="sr-only">GPU-hours held, used and wasted, most waste first</caption>
        <thead className="text-xs text-muted">
          <tr className="border-b border-line">
            <Head className="text-left">Who</Head>
            <Head className="max-sm:hidden">Held (h)</Head>
            <Head className="max-md:hidden">Used (h)</Head>
            <Head>Wasted (h)</Head>
            <Head>Of held</Head>
            <Head className="max-lg:hidden">Not measured (h)</Head>
            <Head className="max-lg:hidden">Energy (kWh)</Head>
            {priced && <Head className="max-sm:hidden">Cost of waste</Head>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, place, figures }) => (
            <tr key={key} className="border-b border-line">
              <th scope="row" className="w-full px-3 py-1.5 text-left font-normal">
                <span className="break-all">{name}</span> {place && <span className="text-muted max-sm:block">{place}</span>}
              </th>
              <td className={cx(cell, 'max-sm:hidden')}>{hours(figures.held_gpu_hours)}</td>
              <td className={cx(cell, 'max-md:hidden')}>{hours(figures.used_gpu_hours)}</td>
              <td className={cx(cell, 'font-semibold')}>{hours(figures.wasted_gpu_hours)}</td>
              <td className={cell}>{percent(shareOf(figures.wasted_gpu_hours, figures.held_gpu_hours))}</td>
              <td className={cx(cell, 'max-lg:hidden')}>{hours(figures.unmeasured_gpu_hours)}</td>
              <td className={cx(cell, 'max-lg:hidden')}>{hours(figures.kwh)}</td>
              {priced && <td className={cx(cell, 'max-sm:hidden')}>{money(figures.wasted_cost, waste.currency)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {all > rows.length && (
        <p className="p-2 text-sm text-muted">
          The first {rows.length} of {all.toLocaleString('en')}, most waste first.
        </p>
      )}
    </div>
  );
}

function Totals({ waste }: { waste: GpuWaste }) {
  const { held_gpu_hours, used_gpu_hours, wasted_gpu_hours, wasted_cost, cost, currency, added_up_until } = waste;
  return (
    <p className="num">
      {hours(held_gpu_hours)} GPU-hours held, {hours(used_gpu_hours)} used,{' '}
      <strong className="font-semibold">
        {hours(wasted_gpu_hours)} wasted ({percent(shareOf(wasted_gpu_hours, held_gpu_hours))})
      </strong>
      {cost !== null && `, which cost ${money(wasted_cost, currency)} of ${money(cost, currency)}`}.
      <span className="block text-muted">
        {cost === null && 'No price is set: set one in the admin to see what it costs. '}
        {added_up_until !== null && (
          <>
            Added up until <Ago time={added_up_until} />.
          </>
        )}
      </span>
    </p>
  );
}

function Nothing() {
  return (
    <EmptyState title="Nothing was held in this time">
      <p className="text-muted">GPU-hours are added up every five minutes from what pods hold. If pods hold GPUs now, come back in a while.</p>
    </EmptyState>
  );
}

export function Waste({ fleet }: { fleet: readonly Cluster[] }) {
  const { view, change } = useGpus();
  const seconds = (TIMES.find(([value]) => value === (view.since ?? '')) ?? TIMES[0])[2];
  const asked = useQuery(gpuWasteQuery(wasteAsked(view, fleet), seconds));
  const set = [view.cluster, view.by, view.since].filter((part) => part !== undefined).length;
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Folded set={set}>
          <Clusters fleet={fleet} />
          <Choice label="Told" value={view.by} options={BY} onChange={(by) => { change({ by }); }} />
          <Choice label="Time" value={view.since} options={SINCE} onChange={(since) => { change({ since }); }} />
        </Folded>
      </div>
      <Answered asked={asked} what="The waste" isEmpty={({ held_gpu_hours, idle }) => held_gpu_hours === 0 && idle.length === 0} empty={<Nothing />}>
        {(waste) => (
          <div aria-busy={asked.isPlaceholderData} className={cx('grid items-start gap-3 xl:grid-cols-[3fr_2fr]', asked.isPlaceholderData && 'opacity-60')}>
            <Panel title="Hours held and not used" aside={<Totals waste={waste} />}>
              <Held waste={waste} />
            </Panel>
            <Panel title="Held for nothing now" aside={`${counted(waste.idle_holds, 'hold')}, ${hours(waste.idle_gpus)} cards`}>
              <Idle waste={waste} />
            </Panel>
          </div>
        )}
      </Answered>
    </>
  );
}
