/** The backend's shapes under the names that this client speaks of them. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type Cluster = Schemas['ClusterAnswer'];
export type Capabilities = Schemas['Capabilities'];
export type ClusterStatus = Schemas['ClusterStatus'];
export type ClusterState = ClusterStatus['state'];
export type HealthCheck = Schemas['PastCheck'];
export type FleetSummary = Schemas['FleetSummary'];
export type MetricsAnswer = Schemas['MetricsAnswer'];
export type ClusterResult = Schemas['ClusterResult'];
export type Alert = Schemas['AlertView'];
export type AlertDetail = Schemas['AlertDetail'];
export type AlertGroup = Schemas['AlertGroupView'];
export type Silence = Schemas['SilenceView'];
export type SilencePreview = Schemas['SilencePreview'];
export type SilenceResult = Schemas['SilenceResult'];
export type Gpu = Schemas['GpuView'];
export type GpuNode = Schemas['GpuNodeView'];
export type GpuNodeDetail = Schemas['GpuNodeDetail'];
export type GpuSlice = Schemas['GpuSlice'];
export type GpuSummary = Schemas['GpuSummary'];
export type GpuClaim = Schemas['GpuClaimView'];
export type GpuHistory = Schemas['GpuHistory'];
export type GpuWaste = Schemas['GpuWaste'];
