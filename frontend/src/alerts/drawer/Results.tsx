/** What became of the silence in each cluster. */
import { CircleCheck, OctagonX } from 'lucide-react';

import type { SilenceResult } from '../../api/types';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/classes';

const words: Record<SilenceResult['status'], string> = {
  CREATED: 'silenced',
  EXISTS: 'silenced already, by the same silence',
  REFUSED: 'refused',
  FAILED: 'failed',
  NOT_FOUND: 'not found',
};

const isDone = ({ status }: SilenceResult): boolean => status === 'CREATED' || status === 'EXISTS';

/** It is there before there are results: what comes into it then is read out. */
export function Results({ results, onDone }: { results: readonly SilenceResult[] | undefined; onDone: () => void }) {
  return (
    <section className={cx('text-sm', results ? 'flex flex-col gap-2 rounded-lg border border-line p-3' : 'sr-only')}>
      <div role="status" aria-label="Results">
        <ul className="flex flex-col gap-1">
          {results?.map((result) => {
            const Icon = isDone(result) ? CircleCheck : OctagonX;
            return (
              <li key={result.cluster_id} className="flex gap-2">
                <Icon size={16} className={isDone(result) ? 'shrink-0 text-ok' : 'shrink-0 text-bad'} aria-hidden />
                <span className="min-w-0 break-words">
                  <span className="font-medium">{result.cluster_name ?? result.cluster_id}</span> {words[result.status]}
                  {result.error && `: ${result.error.message}`}
                </span>
              </li>
            );
          })}
        </ul>
      </div>
      {results && (
        <div className="flex justify-end">
          <Button data-deed="silence" onClick={onDone}>
            Done
          </Button>
        </div>
      )}
    </section>
  );
}
