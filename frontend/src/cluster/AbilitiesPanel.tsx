/** What discovery found in the cluster: each with what it was concluded from, the unknown with why. */
import type { Capabilities, Cluster } from '../api/types';
import { Panel } from '../ui/Panel';
import { Ago } from '../ui/Time';
import { platformWords } from '../ui/words';

type Named = Exclude<keyof Capabilities, 'evidence' | 'suggested_endpoints' | 'discovered_at'>;

const stack = {
  has_prometheus: 'Prometheus',
  has_thanos: 'Thanos',
  has_tempo: 'Tempo',
  has_loki: 'Loki',
  has_service_mesh: 'Service mesh',
} as const satisfies Partial<Record<Named, string>>;

const UNKNOWN = 'unknown';

const yesNo = (value: boolean | null): string => (value === null ? UNKNOWN : value ? 'yes' : 'no');

function gpuWords({ has_gpu_nodes, gpu_count, gpu_types }: Capabilities): string {
  if (gpu_count === null) return has_gpu_nodes ? `yes, how many is ${UNKNOWN}` : yesNo(has_gpu_nodes);
  if (gpu_count === 0) return has_gpu_nodes ? 'yes, none offered' : yesNo(has_gpu_nodes);
  return [gpu_count.toLocaleString('en'), gpu_types.join(', ')].filter(Boolean).join(' · ');
}

/** The words of each row, and the conclusions whose evidence stands behind it. */
function rowsOf(found: Capabilities): { name: string; words: string; from: Named[] }[] {
  const platform = found.platform === null ? UNKNOWN : platformWords[found.platform];
  const kinds = Object.entries(stack) as [keyof typeof stack, string][];
  return [
    { name: 'Platform', words: [platform, found.platform_version].filter(Boolean).join(' '), from: ['platform', 'platform_version'] },
    { name: 'Kubernetes', words: found.kubernetes_version ?? UNKNOWN, from: ['kubernetes_version'] },
    { name: 'Nodes', words: found.node_count?.toLocaleString('en') ?? UNKNOWN, from: ['node_count'] },
    { name: 'GPUs', words: gpuWords(found), from: ['has_gpu_nodes', 'gpu_count', 'gpu_types'] },
    { name: 'CNFs', words: found.cnf_types.join(', ') || yesNo(found.has_cnf_workloads), from: ['has_cnf_workloads'] },
    ...kinds.map(([key, name]) => ({ name, words: yesNo(found[key]), from: [key] })),
  ];
}

function Evidence({ sentences }: { sentences: string[] }) {
  return sentences.map((sentence) => (
    <p key={sentence} className="break-words">
      {sentence}
    </p>
  ));
}

function Row({ name, words, sentences }: { name: string; words: string; sentences: string[] }) {
  return (
    <li className="px-3 py-1 text-sm">
      <details open={words.includes(UNKNOWN)}>
        <summary className="cursor-pointer break-words">
          <span className="inline-block w-28 text-muted">{name}</span> <span className="num">{words}</span>
        </summary>
        <div className="py-1 pl-4 text-muted">
          <Evidence sentences={sentences} />
        </div>
      </details>
    </li>
  );
}

export function AbilitiesPanel({ cluster }: { cluster: Cluster }) {
  const found = cluster.capabilities;
  if (found === null) {
    return (
      <Panel title="What is there">
        <p className="p-3 text-sm text-muted">Not discovered yet. It is as soon as the API server answers with our token.</p>
      </Panel>
    );
  }
  return (
    <Panel title="What is there" aside={found.discovered_at && <Ago time={found.discovered_at} />}>
      <ul className="py-1">
        {rowsOf(found).map(({ name, words, from }) => (
          <Row key={name} name={name} words={words} sentences={[...new Set(from.map((key) => found.evidence[key] ?? ''))].filter(Boolean)} />
        ))}
      </ul>
    </Panel>
  );
}
