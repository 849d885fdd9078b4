/** No alert to show: because all is well, since when, or because of the filters. */
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleDashed } from 'lucide-react';

import { pastAlertsQuery } from '../api/alerts';
import type { Cluster } from '../api/types';
import { Button } from '../ui/Button';
import { EmptyState } from '../ui/Notice';
import { Since } from '../ui/Time';
import { isFiltered, UNFILTERED } from './filters';
import { silentOf } from './Missing';
import { useView } from './view';

export function NothingFits({ what }: { what: string }) {
  const { view, change } = useView();
  return (
    <EmptyState title={`No ${what} fits`}>
      <p className="text-muted">None has all that the filters above ask for.</p>
      {isFiltered(view) && (
        <div>
          <Button onClick={() => { change(UNFILTERED); }}>
            Clear the filters
          </Button>
        </div>
      )}
    </EmptyState>
  );
}

function NobodyToAsk() {
  return (
    <EmptyState title="No alerts can come yet">
      <p className="text-muted">
        No cluster has an Alertmanager address. Set one in the cluster&apos;s endpoints; its alerts come here from then on.
      </p>
    </EmptyState>
  );
}

/** When the last alert was over; null where none ever was. */
function useLastEnd(): string | null {
  const { data } = useQuery(pastAlertsQuery({ page: 1, page_size: 1 }));
  return data?.items[0]?.ends_at ?? null;
}

export function AllWell({ fleet }: { fleet: readonly Cluster[] }) {
  const end = useLastEnd();
  const watched = fleet.some(({ enabled, endpoints }) => enabled && endpoints.alertmanager_url !== null);
  if (!watched) return <NobodyToAsk />;
  const sure = silentOf(fleet).length === 0;
  const Icon = sure ? CircleCheck : CircleDashed;
  return (
    <p className="flex items-center gap-2 rounded-lg border border-line bg-raised px-3 py-2">
      <Icon size={16} className={sure ? 'text-ok' : 'text-idle'} aria-hidden />
      <span>
        {sure ? 'All is well: nothing fires' : 'No alert is known of'} {end !== null && <Since time={end} />}
      </span>
    </p>
  );
}
