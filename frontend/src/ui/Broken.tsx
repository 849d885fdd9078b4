/** What stands where a page broke: the frame around it stays, and a reload fetches the client anew. */
import { FailureNote } from './Notice';

/** A page's own file may be gone after an update of the platform; a reload finds the new one. */
export function Broken({ error }: { error: unknown }) {
  return (
    <FailureNote
      title="This page broke"
      error={error instanceof Error ? error : new Error(String(error))}
      onRetry={() => {
        window.location.reload();
      }}
    />
  );
}
