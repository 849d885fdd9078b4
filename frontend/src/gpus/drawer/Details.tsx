/** What a card says besides what its tile shows: model, errors of memory, and the processes on it with their pods. */
import type { ReactNode } from 'react';

import type { Gpu, GpuNode } from '../../api/types';
import { CopyButton } from '../../ui/Notice';
import { counted } from '../../ui/words';
import { gib, percent, UNTOLD } from '../figures';

type Ecc = Gpu['ecc_errors']['volatile'];

const eccWords = ({ corrected, uncorrected }: Ecc): string => `${corrected ?? UNTOLD} corrected, ${uncorrected ?? UNTOLD} not`;

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-3">
      <dt className="w-32 shrink-0 text-muted">{name}</dt>
      <dd className="num min-w-0 flex-1 break-words">{children}</dd>
    </div>
  );
}

const cell = 'py-0.5 pr-3 align-top';

function Process({ process }: { process: NonNullable<Gpu['processes']>[number] }) {
  const { pid, process_name, used_memory_mb, namespace, pod, gpu_instance_id } = process;
  return (
    <tr className="border-t border-line">
      <td className={`${cell} num`}>{pid}</td>
      <td className={`${cell} w-full`}>
        <code className="block font-mono text-xs break-all">{process_name ?? 'unknown name'}</code>
        <span className="block break-all text-muted">
          {pod === null ? 'pod not known' : `${namespace ?? ''} / ${pod}`}
          {gpu_instance_id !== null && ` · slice ${gpu_instance_id}`}
        </span>
      </td>
      <td className={`${cell} num pr-0 text-right whitespace-nowrap`}>{gib(used_memory_mb)}</td>
    </tr>
  );
}

function Processes({ gpu, source }: { gpu: Gpu; source: GpuNode['source'] }) {
  if (gpu.processes === null) {
    return <p className="text-sm text-muted">Its processes are not told{source === 'DCGM' && ': nvidia-smi tells them, the DCGM exporter does not'}.</p>;
  }
  if (gpu.processes.length === 0) return <p className="text-sm text-muted">No process runs on it.</p>;
  const more = gpu.processes_left_out ?? 0;
  return (
    <table className="w-full text-sm">
      <caption className="text-left text-xs text-muted">
        {counted(gpu.processes.length + more, 'process', 'processes')}
        {more > 0 && `, ${more} of them not shown`}
      </caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">PID</th>
          <th scope="col">Process and pod</th>
          <th scope="col">Memory</th>
        </tr>
      </thead>
      <tbody>
        {gpu.processes.map((process) => (
          <Process key={`${process.pid} ${process.gpu_instance_id ?? ''} ${process.compute_instance_id ?? ''}`} process={process} />
        ))}
      </tbody>
    </table>
  );
}

export function Details({ gpu, source }: { gpu: Gpu; source: GpuNode['source'] }) {
  const { name, uuid, ecc_errors, xid_errors, utilization_memory_percent, fan_speed_percent } = gpu;
  return (
    <>
      <dl className="flex flex-col gap-0.5 text-sm">
        <Fact name="Model">{name ?? UNTOLD}</Fact>
        <Fact name="UUID">
          <span className="flex items-center gap-1">
            <code className="min-w-0 font-mono text-xs break-all">{uuid ?? UNTOLD}</code>
            {uuid !== null && <CopyButton text={uuid} what="UUID" />}
          </span>
        </Fact>
        <Fact name="Memory traffic">{percent(utilization_memory_percent)} of the time</Fact>
        {fan_speed_percent !== null && <Fact name="Fan">{percent(fan_speed_percent)}</Fact>}
        <Fact name="ECC since boot">{eccWords(ecc_errors.volatile)}</Fact>
        <Fact name="ECC in its life">{eccWords(ecc_errors.aggregate)}</Fact>
        <Fact name="XID errors">{xid_errors === null ? UNTOLD : xid_errors.join(', ') || 'none'}</Fact>
      </dl>
      <Processes gpu={gpu} source={source} />
    </>
  );
}
