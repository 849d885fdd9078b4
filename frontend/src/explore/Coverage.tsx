/** Who answered, who did not and why, and how long it took. */
import { CircleCheck, TriangleAlert } from 'lucide-react';

import type { MetricsAnswer } from '../api/types';
import { absolute } from '../ui/clock';
import { counted } from '../ui/words';
import { coverageWords, failureWords, missing } from './coverage';

export function Coverage({ answer, askedAt }: { answer: MetricsAnswer; askedAt: number }) {
  const absent = missing(answer);
  const cached = answer.results.filter((result) => result.cached).length;
  const Icon = absent.length > 0 ? TriangleAlert : CircleCheck;
  return (
    <div className="flex flex-col gap-1 rounded-lg border border-line bg-raised px-3 py-2 text-sm">
      <p role="status" className="flex flex-wrap items-center gap-x-2">
        <Icon size={16} className={absent.length > 0 ? 'text-warn' : 'text-ok'} aria-hidden />
        <strong className="num font-semibold">{coverageWords(answer)}</strong>
        <span className="num text-muted" title={`Asked at ${absolute(askedAt * 1000)}`}>
          in {Math.round(answer.total_query_time_ms)} ms{cached > 0 && `, ${counted(cached, 'answer')} from the cache`}
        </span>
      </p>
      {absent.length > 0 && (
        <ul className="flex flex-col gap-0.5 pl-6">
          {absent.map((result) => (
            <li key={result.cluster_id} className="break-words">
              {failureWords(result)}
            </li>
          ))}
        </ul>
      )}
      {answer.warnings.map((warning) => (
        <p key={warning} className="pl-6 break-words text-warn">
          {warning}
        </p>
      ))}
    </div>
  );
}
