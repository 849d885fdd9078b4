/** What the matchers would silence now, by cluster. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { previewQuery, type SilenceMatcher } from '../../api/silences';
import { cx } from '../../ui/classes';
import { counted } from '../../ui/words';

const PAUSE_MS = 300;

/** What was last still for a moment, so that not every letter asks. */
function useSettled<Value>(value: Value): Value {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(setSettled, PAUSE_MS, text);
    return () => { window.clearTimeout(timer); };
  }, [text]);
  return JSON.parse(settled) as Value;
}

const MOST_NAMED = 8;

export function Preview({ ids, matchers }: { ids: string[]; matchers: SilenceMatcher[] }) {
  const settled = useSettled({ ids, matchers });
  const { data, error, isPlaceholderData } = useQuery(previewQuery(settled.ids, settled.matchers));
  if (error) {
    return (
      <p role="alert" className="text-sm break-words text-bad">
        {error.message}
      </p>
    );
  }
  if (!data) return null;
  const found = data.clusters.filter(({ total }) => total > 0);
  return (
    <section aria-label="What it matches" className={cx('rounded-md bg-canvas p-2 text-sm', isPlaceholderData && 'opacity-60')}>
      <p role="status">
        {data.total === 0 ? 'Matches no alert that is active now.' : `Matches ${counted(data.total, 'active alert')}:`}
      </p>
      <ul className="mt-1 max-h-40 overflow-y-auto">
        {found.map(({ cluster_id, cluster_name, total, alerts }) => (
          <li key={cluster_id} className="break-words">
            <span className="num font-medium">
              {cluster_name}: {total}
            </span>{' '}
            <span className="text-muted">
              {[...new Set(alerts.map(({ alertname }) => alertname))].slice(0, MOST_NAMED).join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
