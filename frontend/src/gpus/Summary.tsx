/** All GPUs in one line of figures, each with what it is made of. */
import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

import type { GpuSummary } from '../api/types';
import { counted } from '../ui/words';
import { cards, memory, percent, power, shareOf } from './figures';

function Figure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <div className="flex-1 px-3 py-2 max-sm:min-w-0 max-sm:basis-[30%] sm:min-w-32">
      <dt className="text-xs text-muted">{name}</dt>
      <dd>
        <span className="num text-base font-semibold sm:whitespace-nowrap">{value}</span>
        <span className="num block text-xs text-muted">{children}</span>
      </dd>
    </div>
  );
}

const ofAll = (measured: number, gpus: number): string => (measured === gpus ? 'of all' : `of ${measured} that tell`);

/** What the totals do not hold, or hold though it is old. */
export function doubtsOf({ lost, missing, stale }: Pick<GpuSummary, 'lost' | 'missing' | 'stale'>): string[] {
  return [
    ...(lost > 0 ? [`${counted(lost, 'card does', 'cards do')} not answer, or fell off the bus`] : []),
    ...(missing > 0 ? [`${counted(missing, 'card is', 'cards are')} not in the newest reading`] : []),
    ...(stale > 0 ? [`${counted(stale, 'card is', 'cards are')} not read any more`] : []),
  ];
}

export function Summary({ told }: { told: GpuSummary }) {
  const doubts = doubtsOf(told);
  const used = shareOf(told.memory_used_mb, told.memory_total_mb);
  return (
    <section aria-label="All GPUs" className="rounded-lg border border-line bg-raised">
      <dl className="flex flex-wrap">
        <Figure name="GPUs" value={told.gpus.toLocaleString('en')}>
          in {counted(told.nodes, 'node')}; {told.free.toLocaleString('en')} free
        </Figure>
        <Figure name="Allocated" value={percent(shareOf(told.allocated, told.gpus))}>
          {cards(told.allocated)} of {told.gpus.toLocaleString('en')} cards
        </Figure>
        <Figure name="In use" value={percent(told.busy_percent)}>
          the mean {ofAll(told.busy_measured, told.gpus)}
        </Figure>
        <Figure name="Held and idle" value={told.idle.toLocaleString('en')}>
          {told.idle === 1 ? 'card that does' : 'cards that do'} nothing
        </Figure>
        <Figure name="Memory" value={percent(used)}>
          {memory(told.memory_used_mb, told.memory_total_mb)}
        </Figure>
        <Figure name="Power" value={power(told.power_draw_watts, told.power_limit_watts)}>
          {ofAll(told.power_measured, told.gpus)}
        </Figure>
        <Figure name="Divided" value={counted(told.in_slices, 'in slices', 'in slices')}>
          {told.shared.toLocaleString('en')} shared in turns
        </Figure>
      </dl>
      {doubts.length > 0 && (
        <p className="flex items-start gap-2 border-t border-line px-3 py-1.5 text-sm">
          <TriangleAlert size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />
          {doubts.join('; ')}.
        </p>
      )}
    </section>
  );
}
