/** What the matchers would silence now, by cluster. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { previewQuery, type SilenceMatcher } from '../../api/silences';
import type { Alert, Cluster, SilencePreview } from '../../api/types';
import { cx } from '../../ui/classes';
import { counted } from '../../ui/words';
import { silentOf } from '../Missing';

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

/** Names of alerts, each once; those that are left out, or were not told, are owned up to. */
export function namesOf({ alerts, total }: Pick<SilencePreview['clusters'][number], 'total'> & { alerts: readonly Pick<Alert, 'alertname'>[] }): string {
  const names = [...new Set(alerts.map(({ alertname }) => alertname))];
  const more = names.length - MOST_NAMED;
  const rest = more > 0 ? ` and ${counted(more, 'more name', 'more names')}` : '';
  const told = alerts.length < total ? ` (names of the first ${alerts.length})` : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${rest}${alerts.length > 0 ? told : ''}`;
}

/** Where not all alerts were compared, a number is the least that it may be, and none found is no proof. */
function totalWords({ total, complete }: SilencePreview): string {
  if (total > 0) return `Matches ${complete ? '' : 'at least '}${counted(total, 'active alert')}:`;
  return complete ? 'Matches no alert that is active now.' : 'Matches none of the alerts that were compared.';
}

/** A preview is made of what is stored here: of those that do not answer, that is what they said last. */
function Doubts({ complete, silent }: { complete: boolean; silent: readonly Cluster[] }) {
  if (complete && silent.length === 0) return null;
  return (
    <ul aria-label="What is not sure" className="mt-1 flex flex-col gap-1 text-warn">
      {!complete && <li>There are more active alerts than are compared for a preview. A label with = and its value narrows them.</li>}
      {silent.map(({ id, name, status: { failure_stage, last_error } }) => (
        <li key={id} className="break-words">
          Alertmanager of {name} does not answer{failure_stage === 'ALERTMANAGER' && last_error ? ` (${last_error})` : ''}: its alerts are those known before.
        </li>
      ))}
    </ul>
  );
}

function Found({ preview, silent }: { preview: SilencePreview; silent: readonly Cluster[] }) {
  return (
    <>
      <ul className="mt-1 max-h-40 overflow-y-auto">
        {preview.clusters
          .filter(({ total }) => total > 0)
          .map((cluster) => (
            <li key={cluster.cluster_id} className="break-words">
              <span className="num font-medium">
                {cluster.cluster_name}: {preview.complete ? '' : 'at least '}
                {cluster.total.toLocaleString('en')}
              </span>{' '}
              <span className="text-muted">{namesOf(cluster)}</span>
            </li>
          ))}
      </ul>
      <Doubts complete={preview.complete} silent={silent} />
    </>
  );
}

interface PreviewProps {
  ids: string[];
  matchers: SilenceMatcher[];
  fleet: readonly Cluster[];
}

export function Preview({ ids, matchers, fleet }: PreviewProps) {
  const settled = useSettled({ ids, matchers });
  const { data, error, isPlaceholderData } = useQuery(previewQuery(settled.ids, settled.matchers));
  const preview = error ? undefined : data;
  return (
    <section aria-label="What it matches" className={cx('text-sm', preview && 'rounded-md bg-canvas p-2', isPlaceholderData && 'opacity-60')}>
      <p role="status">{preview && totalWords(preview)}</p>
      {error && (
        <p role="alert" className="break-words text-bad">
          {error.message}
        </p>
      )}
      {preview && <Found preview={preview} silent={silentOf(fleet.filter(({ id }) => settled.ids.includes(id)))} />}
    </section>
  );
}
