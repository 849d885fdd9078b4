/** How the contract's enums are written for people. */
import type { Cluster } from '../api/types';

export const typeWords = {
  HUB: 'Hub',
  SPOKE: 'Spoke',
  EDGE: 'Edge',
  FAR_EDGE: 'Far edge',
} as const satisfies Record<Cluster['cluster_type'], string>;

export const platformWords = {
  OPENSHIFT: 'OpenShift',
  KUBERNETES: 'Kubernetes',
  MICROSHIFT: 'MicroShift',
} as const satisfies Record<Cluster['platform'], string>;

export const environmentWords = {
  PRODUCTION: 'Production',
  STAGING: 'Staging',
  DEVELOPMENT: 'Development',
  LAB: 'Lab',
} as const satisfies Record<Cluster['environment'], string>;

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** What sort of cluster it is, and where: "Hub", "OpenShift 4.18.3", "Production", "eu-central". */
export const kindOf = (cluster: Cluster): string[] =>
  [
    typeWords[cluster.cluster_type],
    `${platformWords[cluster.platform]} ${cluster.platform_version}`.trim(),
    environmentWords[cluster.environment],
    cluster.region,
  ].filter(Boolean);
