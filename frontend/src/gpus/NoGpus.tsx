/** No cluster tells of any GPU: what would be here, and what has to be there for it. */
import { Link } from '@tanstack/react-router';

import type { Cluster } from '../api/types';
import { Command, EmptyState } from '../ui/Notice';

export function NoGpus({ fleet }: { fleet: readonly Cluster[] }) {
  return (
    <EmptyState title="No GPUs are known of">
      <p className="text-muted">Each card of each node stands here, with what it does, for whom, and what is wrong with it. One of these has to be there:</p>
      <ul className="flex list-disc flex-col gap-1 pl-5">
        <li>
          The DCGM exporter, which the GPU operator of NVIDIA brings along, scraped by the Prometheus whose address the cluster has here. This is the better way.
        </li>
        <li>
          Or the GPU operator&apos;s driver pods, and leave for this platform to run nvidia-smi in them, which this gives (on OpenShift the namespace is
          nvidia-gpu-operator):
        </li>
      </ul>
      <Command text="manage.py reader_manifest --platform KUBERNETES --exec-in gpu-operator | kubectl apply -f -" />
      {fleet.length === 0 ? (
        <p>
          No cluster is registered yet, or none is granted to you: begin at the <Link to="/" className="text-accent underline">fleet</Link>.
        </p>
      ) : (
        <p className="text-muted">A cluster with GPUs appears here by itself within a minute or two.</p>
      )}
    </EmptyState>
  );
}
