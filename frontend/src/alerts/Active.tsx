/** What is not over: one by one, or in groups. */
import { useQuery } from '@tanstack/react-query';

import { alertsQuery } from '../api/alerts';
import type { Alert, Cluster } from '../api/types';
import { cx } from '../ui/classes';
import { Count } from '../ui/Count';
import { pageOf } from '../ui/pageOf';
import { Paging } from '../ui/Paging';
import { counted } from '../ui/words';
import { AlertTable } from './AlertTable';
import { AllWell, NothingFits } from './AllWell';
import { Answered } from '../ui/Answered';
import { listAsked } from './asking';
import { FilterBar } from './FilterBar';
import { isFiltered, questionOf } from './filters';
import { Groups } from './Groups';
import { useView } from './view';

interface RowsProps {
  page: { items: readonly Alert[]; total: number; total_pages: number };
  dimmed: boolean;
  openId: string | undefined;
  past?: boolean;
}

export function Rows({ page, dimmed, openId, past = false }: RowsProps) {
  const { view } = useView();
  return (
    <section
      aria-label={past ? 'Past alerts' : 'Alerts'}
      aria-busy={dimmed}
      className={cx('overflow-hidden rounded-lg border border-line bg-raised', dimmed && 'opacity-60')}
    >
      <AlertTable caption={past ? 'Past alerts' : counted(page.total, 'alert')} alerts={page.items} past={past} openId={openId} />
      <Paging page={pageOf(view)} pages={page.total_pages} />
    </section>
  );
}

export function Active({ fleet, openId }: { fleet: readonly Cluster[]; openId: string | undefined }) {
  const { view } = useView();
  const asked = useQuery(alertsQuery(listAsked(view, fleet)));
  const empty = isFiltered(view) ? <NothingFits what="alert" /> : <AllWell fleet={fleet} />;
  return (
    <>
      <FilterBar fleet={fleet} counts={asked.data?.by_severity}>
        <Count question={questionOf(view)} waiting={asked.isPlaceholderData} words={asked.data && counted(asked.data.total, 'alert')} />
      </FilterBar>
      <Answered asked={asked} what="The alerts" isEmpty={({ total }) => total === 0} empty={empty}>
        {(page) =>
          view.by === undefined ? (
            <Rows page={page} dimmed={asked.isPlaceholderData} openId={openId} />
          ) : (
            <Groups fleet={fleet} openId={openId} empty={empty} />
          )
        }
      </Answered>
    </>
  );
}
