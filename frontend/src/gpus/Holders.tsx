/** The pods that a card or a slice was given to. */
import type { Gpu } from '../api/types';

const MOST_NAMED = 4;

export function Holders({ holders, shared = false }: { holders: Gpu['holders']; shared?: boolean }) {
  if (holders.length === 0) return null;
  const more = holders.length - MOST_NAMED;
  return (
    <div className="text-sm">
      {shared && holders.length > 1 && <p className="text-muted">Shared: {holders.length} pods take turns on it, and its figures are of all of them.</p>}
      <ul aria-label="Held by" className="flex flex-col">
        {holders.slice(0, MOST_NAMED).map(({ namespace, pod, container }) => (
          <li key={`${namespace}/${pod}/${container}`} className="truncate" title={[namespace, pod, container].filter(Boolean).join(' / ')}>
            <span className="text-muted">{namespace} / </span>
            {pod}
          </li>
        ))}
        {more > 0 && <li className="text-muted">and {more} more</li>}
      </ul>
    </div>
  );
}
