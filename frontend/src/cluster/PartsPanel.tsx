/** Each part of the cluster that is watched: whether it answers, and where it is. */
import { CircleCheck, CircleDashed, CircleMinus, OctagonX, type LucideIcon } from 'lucide-react';

import type { Cluster } from '../api/types';
import { partsOf, type Part } from '../fleet/health';
import { cx } from '../ui/classes';
import { CopyButton } from '../ui/Notice';
import { Panel } from '../ui/Panel';

function addressOf(part: Part, cluster: Cluster): string {
  if (part.key === 'api_server_healthy') return cluster.api_server_url;
  const key = part.key.replace('_healthy', '_url') as Exclude<keyof Cluster['endpoints'], 'prometheus_replica_urls'>;
  return cluster.endpoints[key] ?? '';
}

function lookOf(part: Part, address: string): { word: string; icon: LucideIcon; tone: string } {
  if (part.healthy === true) return { word: 'Up', icon: CircleCheck, tone: 'text-ok' };
  if (part.healthy === false) return { word: 'Down', icon: OctagonX, tone: 'text-bad' };
  if (address) return { word: 'Not checked yet', icon: CircleDashed, tone: 'text-idle' };
  return { word: 'Not configured', icon: CircleMinus, tone: 'text-muted' };
}

function Row({ part, cluster }: { part: Part; cluster: Cluster }) {
  const address = addressOf(part, cluster);
  const { word, icon: Icon, tone } = lookOf(part, address);
  return (
    <li className="flex flex-col px-3 py-2">
      <div className="flex items-center gap-2">
        <Icon size={16} className={tone} aria-hidden />
        <span className="flex-1 font-medium">{part.name}</span>
        <span className={cx('text-sm', tone)}>{word}</span>
      </div>
      {address && (
        <div className="flex items-center gap-1 pl-6">
          <code className="min-w-0 flex-1 font-mono text-xs break-all text-muted">{address}</code>
          <CopyButton text={address} what={`address of ${part.name}`} />
        </div>
      )}
    </li>
  );
}

export function PartsPanel({ cluster }: { cluster: Cluster }) {
  return (
    <Panel title="Parts and endpoints">
      <ul className="divide-y divide-line">
        {partsOf(cluster.status).map((part) => (
          <Row key={part.key} part={part} cluster={cluster} />
        ))}
      </ul>
    </Panel>
  );
}
