/** What is over: how long it was, and how it is known to be over. */
import { useQuery } from '@tanstack/react-query';

import { pastAlertsQuery } from '../api/alerts';
import type { Cluster } from '../api/types';
import { absolute } from '../ui/clock';
import { Count } from '../ui/Count';
import { EmptyState } from '../ui/Notice';
import { counted } from '../ui/words';
import { Rows } from './Active';
import { NothingFits } from './AllWell';
import { Answered } from '../ui/Answered';
import { pastAsked } from './asking';
import { FilterBar } from './FilterBar';
import { isFiltered, questionOf } from './filters';
import { useView } from './view';

function Nothing() {
  const { view } = useView();
  if (isFiltered(view)) return <NothingFits what="past alert" />;
  return (
    <EmptyState title="Nothing is over yet">
      <p className="text-muted">Alerts that resolve come here, with how long they were and what people did about them.</p>
    </EmptyState>
  );
}

export function History({ fleet, openId }: { fleet: readonly Cluster[]; openId: string | undefined }) {
  const { view } = useView();
  const asked = useQuery(pastAlertsQuery(pastAsked(view, fleet)));
  return (
    <>
      <FilterBar fleet={fleet} counts={asked.data?.by_severity}>
        <Count question={questionOf(view)} waiting={asked.isPlaceholderData} words={asked.data && counted(asked.data.total, 'past alert')} />
      </FilterBar>
      <Answered asked={asked} what="The past alerts" isEmpty={({ items }) => items.length === 0} empty={<Nothing />}>
        {(page) => (
          <>
            <Rows page={page} dimmed={asked.isPlaceholderData} openId={openId} past />
            {page.looked_back_to !== null && (
              <p className="text-sm text-muted">
                What was over before {absolute(page.looked_back_to)} was not looked at, as there is so much; narrow the filters to see it.
              </p>
            )}
          </>
        )}
      </Answered>
    </>
  );
}
