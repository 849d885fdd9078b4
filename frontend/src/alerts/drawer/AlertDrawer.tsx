/** One alert beside the list: what it says, what was done about it, and what can be done. */
import { useRef, useState, type ReactNode } from 'react';

import { Problem } from '../../api/problem';
import type { AlertDetail, Cluster } from '../../api/types';
import { Badge } from '../../ui/Badge';
import { Drawer } from '../../ui/Drawer';
import { EmptyState, FailureNote } from '../../ui/Notice';
import { Bone, Loading } from '../../ui/Skeleton';
import { useFocusKept } from '../../ui/useFocusKept';
import { severityLooks, stateLooks } from '../looks';
import { Muted } from '../Taken';
import { useView } from '../view';
import { namedBy } from '../words';
import { Facts } from './Facts';
import { LabelList } from './LabelList';
import { SilenceForm } from './SilenceForm';
import { Story } from './Story';
import { Texts } from './Texts';
import { useOpenAlert } from './useOpenAlert';
import { Work } from './Work';

function Content({ alert, fleet }: { alert: AlertDetail; fleet: readonly Cluster[] }) {
  const [silencing, setSilencing] = useState(false);
  const cluster = fleet.find(({ id }) => id === alert.cluster_id);
  const mayWork = cluster?.permissions.includes('operate') === true;
  const place = useRef<HTMLDivElement>(null);
  useFocusKept(place);
  return (
    <div ref={place} tabIndex={-1} className="flex flex-col gap-4 outline-none">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <Badge look={severityLooks[alert.severity]} className="font-medium" />
        <Badge look={stateLooks[alert.state]} className="font-medium" />
        <Muted alert={alert} />
      </div>
      <Facts alert={alert} />
      {mayWork && alert.state !== 'RESOLVED' && !silencing && <Work alert={alert} onSilence={() => { setSilencing(true); }} />}
      {silencing && <SilenceForm alert={alert} fleet={fleet} onDone={() => { setSilencing(false); }} />}
      <Texts alert={alert} />
      <LabelList labels={alert.labels} />
      <Story alert={alert} mayWork={mayWork} />
    </div>
  );
}

function Body({ fleet }: { fleet: readonly Cluster[] }) {
  const { view } = useView();
  const named = namedBy(view.alert);
  const asked = useOpenAlert(fleet);
  const known = fleet.some(({ name }) => name === named?.cluster);
  const gone = !known || (asked.error instanceof Problem && asked.error.status === 404);
  if (gone) {
    return (
      <EmptyState title="There is no such alert">
        <p className="text-muted">It was never stored, is older than what is kept, or is not granted to you.</p>
      </EmptyState>
    );
  }
  if (asked.data) return <Content key={asked.data.id} alert={asked.data} fleet={fleet} />;
  if (asked.error) return <FailureNote title="The alert could not be read" error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <Loading what="the alert">
      <Bone className="mb-3 h-8" />
      <Bone className="mb-3 h-24" />
      <Bone className="h-64" />
    </Loading>
  );
}

function Title({ fleet }: { fleet: readonly Cluster[] }): ReactNode {
  const { view } = useView();
  return useOpenAlert(fleet).data?.alertname ?? namedBy(view.alert)?.fingerprint ?? 'Alert';
}

export function AlertDrawer({ fleet }: { fleet: readonly Cluster[] }) {
  const { view, change } = useView();
  return (
    <Drawer title={<Title fleet={fleet} />} open={view.alert !== undefined} onClose={() => { change({ alert: undefined }); }} backTo="tr[aria-current] a[data-alert]">
      <Body fleet={fleet} />
    </Drawer>
  );
}
