/** What else is to be said of a cluster's state: that nobody checks it, or that it comes and goes. */
import { Waves } from 'lucide-react';

import type { Cluster } from '../api/types';
import { Chip } from '../ui/Chip';

export function Remarks({ cluster }: { cluster: Cluster }) {
  if (!cluster.enabled) return <Chip>Disabled: not checked</Chip>;
  if (cluster.status.connectivity !== 'INTERMITTENT') return null;
  return (
    <Chip className="text-warn">
      <Waves size={14} aria-hidden /> Intermittent
    </Chip>
  );
}
