/** One card: what it does beside what of it is given away, its health in words, its slices and who holds it. */
import { Layers, Users } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Gpu, GpuSlice } from '../api/types';
import { Badge } from '../ui/Badge';
import { Chip } from '../ui/Chip';
import { cx } from '../ui/classes';
import { useChanges } from '../ui/useChanges';
import { celsius, memory, percent, power, shareOf } from './figures';
import { Findings } from './Findings';
import { Holders } from './Holders';
import { edges, healthLooks } from './looks';
import { Meter } from './Meter';

/** A card that fell off the bus may have lost its UUID and its number. */
export const keyOf = ({ uuid, index }: Pick<Gpu, 'uuid' | 'index'>, place: number): string => uuid ?? `${index ?? 'lost'} at ${place}`;

export const titleOf = ({ index }: Pick<Gpu, 'index'>): string => (index === null ? 'GPU without a number' : `GPU ${index}`);

function Slice({ slice }: { slice: GpuSlice }) {
  const used = shareOf(slice.memory_used_mb, slice.memory_total_mb);
  return (
    <li className="flex flex-col gap-1 rounded-md border border-line bg-raised p-2">
      <div className="flex flex-wrap items-baseline gap-x-2 text-sm">
        <code className="font-mono text-xs font-semibold">{slice.profile ?? 'unknown profile'}</code>
        {slice.holders.length === 0 && <span className="text-muted">Free</span>}
        {slice.holders.length > 1 && <span>Shared by {slice.holders.length} pods</span>}
      </div>
      <dl className="grid grid-cols-2 gap-x-3">
        <Meter name="In use" words={percent(slice.utilization_gpu_percent)} share={slice.utilization_gpu_percent} />
        <Meter name="Memory" words={percent(used)} share={used} />
      </dl>
      <Holders holders={slice.holders} />
    </li>
  );
}

/** Slices are drawn as parts of their card: power and temperature are the card's alone. */
function Slices({ slices }: { slices: readonly GpuSlice[] }) {
  if (slices.length === 0) return <p className="text-sm text-muted">It is cut into slices, and has none yet.</p>;
  return (
    <ul aria-label="Slices" className="flex flex-col gap-1">
      {slices.map((slice, place) => (
        <Slice key={slice.uuid ?? `${slice.gpu_instance_id ?? ''}.${slice.compute_instance_id ?? ''}.${place}`} slice={slice} />
      ))}
    </ul>
  );
}

function Marks({ gpu }: { gpu: Gpu }) {
  return (
    <>
      {gpu.mig_enabled === true && (
        <Chip>
          <Layers size={14} aria-hidden /> MIG
        </Chip>
      )}
      {gpu.shared && (
        <Chip>
          <Users size={14} aria-hidden /> Shared
        </Chip>
      )}
    </>
  );
}

function Figures({ gpu }: { gpu: Gpu }) {
  const allocated = 100 * gpu.allocated;
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-1.5">
      <Meter name="In use" words={percent(gpu.busy_percent)} share={gpu.busy_percent} />
      <Meter name="Allocated" words={gpu.allocated === 0 ? 'Free' : percent(allocated)} share={allocated} />
      <Meter name="Memory" words={memory(gpu.memory_used_mb, gpu.memory_total_mb)} share={shareOf(gpu.memory_used_mb, gpu.memory_total_mb)} className="col-span-2" />
      <Meter name="Power" words={power(gpu.power_draw_watts, gpu.power_limit_watts)} share={shareOf(gpu.power_draw_watts, gpu.power_limit_watts)} />
      <div className="flex items-baseline justify-between gap-2 text-sm">
        <dt className="text-muted">Temperature</dt>
        <dd className="num font-medium">{celsius(gpu.temperature_celsius)}</dd>
      </div>
    </dl>
  );
}

interface GpuCardProps {
  gpu: Gpu;
  stale: boolean;
  /** What there is room for in the drawer alone. */
  children?: ReactNode;
}

export function GpuCard({ gpu, stale, children }: GpuCardProps) {
  const changes = useChanges(gpu.health);
  const slices = gpu.mig_instances ?? [];
  return (
    <div
      role="group"
      aria-label={titleOf(gpu)}
      data-health={gpu.health}
      className={cx(
        'flex h-full flex-col gap-2 rounded-lg border border-l-4 border-line bg-raised p-3',
        edges[gpu.health],
        stale && 'border-dashed bg-canvas text-muted',
      )}
    >
      <div className="flex items-center gap-2">
        <p className="font-semibold">{titleOf(gpu)}</p>
        <Marks gpu={gpu} />
        <span key={changes} className={cx('ml-auto rounded px-1', changes > 0 && 'flash')}>
          <Badge look={healthLooks[gpu.health]} className="font-medium" />
        </span>
      </div>
      <div className={cx(stale && 'grayscale')}>
        <Figures gpu={gpu} />
      </div>
      <Findings findings={gpu.findings} />
      {gpu.mig_enabled === true && <Slices slices={slices} />}
      <Holders holders={gpu.holders} shared={gpu.shared} />
      {gpu.errors.map((error) => (
        <p key={error} className="text-sm break-words text-muted">
          Not read: {error}
        </p>
      ))}
      {children}
    </div>
  );
}
