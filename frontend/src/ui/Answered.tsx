/** What stands where an answer will be: its shape, its failure, that it is empty, or the answer itself. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { useDerived } from './clock';
import { FailureNote } from './Notice';
import { Bone, Loading } from './Skeleton';

/** `what` as in the middle of a sentence. */
export function RowsSkeleton({ what }: { what: string }) {
  return (
    <Loading what={what}>
      <div className="flex flex-col gap-1">
        {[1, 2, 3, 4, 5, 6].map((row) => (
          <Bone key={row} className="h-12" />
        ))}
      </div>
    </Loading>
  );
}

interface OldNewsProps {
  what: string;
  error: Error | null;
  updatedAt: number;
  retry: () => void;
}

/** A question that fails again must not take the list away: what is known stays, with its age. */
function OldNews({ what, error, updatedAt, retry }: OldNewsProps) {
  const age = useDerived((at) => Math.round((at - updatedAt) / 1000));
  if (!error) return null;
  return <FailureNote title={`${what} could not be read again; what is shown is ${age} s old`} error={error} onRetry={retry} />;
}

interface AnsweredProps<Data> {
  asked: UseQueryResult<Data>;
  /** What is asked for, such as "The alerts". */
  what: string;
  isEmpty: (data: Data) => boolean;
  empty: ReactNode;
  children: (data: Data) => ReactNode;
}

export function Answered<Data>({ asked, what, isEmpty, empty, children }: AnsweredProps<Data>) {
  const { data, error, isPlaceholderData, dataUpdatedAt } = asked;
  const retry = () => void asked.refetch();
  if (data === undefined) {
    return error ? <FailureNote title={`${what} could not be read`} error={error} onRetry={retry} /> : <RowsSkeleton what={what.replace(/^The/, 'the')} />;
  }
  return (
    <>
      <OldNews what={what} error={error} updatedAt={dataUpdatedAt} retry={retry} />
      {/* What was asked for before is no proof that there is nothing now. */}
      {isEmpty(data) ? !isPlaceholderData && empty : children(data)}
    </>
  );
}
