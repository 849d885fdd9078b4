/** One alert beside the list: what it says, what was done about it, and what can be done. */
import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useState, type ReactNode } from 'react';

import { Problem } from '../../api/problem';
import type { AlertDetail, Cluster } from '../../api/types';
import { Button } from '../../ui/Button';
import { EmptyState, FailureNote } from '../../ui/Notice';
import { Bone, Loading } from '../../ui/Skeleton';
import { Badge } from '../Badge';
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
  return (
    <div className="flex flex-col gap-4">
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

/** The row it was opened from has the focus again; a link from elsewhere has no row. */
function backToTheRow(event: Event): void {
  event.preventDefault();
  const row = document.querySelector<HTMLElement>('tr[aria-current] a[data-alert]') ?? document.getElementById('content');
  row?.focus();
}

export function AlertDrawer({ fleet }: { fleet: readonly Cluster[] }) {
  const { view, change } = useView();
  return (
    <Dialog.Root
      modal={false}
      open={view.alert !== undefined}
      onOpenChange={(open) => {
        if (!open) change({ alert: undefined });
      }}
    >
      <Dialog.Content
        aria-describedby={undefined}
        data-beside
        // The list beside it stays usable: another row opens another alert.
        onInteractOutside={(event) => { event.preventDefault(); }}
        onCloseAutoFocus={backToTheRow}
        className="appear fixed inset-y-0 right-0 z-40 flex w-full flex-col border-l border-line bg-raised shadow-lg shadow-black/20 sm:w-140"
      >
        <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-4">
          <Dialog.Title className="min-w-0 flex-1 truncate text-base font-semibold">
            <Title fleet={fleet} />
          </Dialog.Title>
          <Dialog.Close asChild>
            <Button tone="quiet" size="icon" aria-label="Close" aria-keyshortcuts="Escape">
              <X size={16} aria-hidden />
            </Button>
          </Dialog.Close>
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto p-4">
          <Body fleet={fleet} />
        </div>
      </Dialog.Content>
    </Dialog.Root>
  );
}
