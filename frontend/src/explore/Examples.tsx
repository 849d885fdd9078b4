/** Questions to begin with. */
import { Link } from '@tanstack/react-router';

import { EmptyState } from '../ui/Notice';

const examples = [
  ['up', 'Which scrape targets answer'],
  ['100 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])) * 100', 'CPU in use, per cluster, in percent'],
  ['avg by (modelName) (DCGM_FI_DEV_GPU_UTIL)', 'GPU utilisation by model, in percent'],
  ['sum by (namespace) (kube_pod_status_phase{phase!="Running"})', 'Pods that do not run, by namespace'],
] as const;

export function Examples() {
  return (
    <EmptyState title="Ask the fleet">
      <p className="text-muted">
        A PromQL question goes to every enabled cluster at once; each series keeps the name of its cluster, and who did
        not answer is named. Begin with one of these:
      </p>
      <ul className="flex flex-col divide-y divide-line">
        {examples.map(([q, meaning]) => (
          <li key={q} className="py-2">
            <Link to="/explore" search={{ q }} className="font-mono text-sm [overflow-wrap:anywhere] text-accent hover:underline">
              {q}
            </Link>
            <p className="text-sm text-muted">{meaning}</p>
          </li>
        ))}
      </ul>
    </EmptyState>
  );
}
