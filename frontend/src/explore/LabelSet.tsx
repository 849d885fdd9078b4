/** The labels that all the series below share, said once. */
import { labelText, type Labels } from './series';

export function SharedLabels({ labels }: { labels: Labels }) {
  if (Object.keys(labels).length === 0) return null;
  return (
    <p className="px-3 pb-2 text-sm break-words text-muted">
      All with <code className="font-mono text-xs">{labelText(labels)}</code>
    </p>
  );
}
