/** All labels of an alert, each with what can be done with it. */
import { ListFilter, ListX } from 'lucide-react';

import { Button } from '../../ui/Button';
import { CopyButton } from '../../ui/Notice';
import { useLabelDeeds } from '../view';

function Row({ name, value }: { name: string; value: string }) {
  const { include, exclude } = useLabelDeeds();
  return (
    <tr className="border-t border-line">
      <th scope="row" className="py-1 pr-3 text-left align-top font-mono text-xs font-normal text-muted">
        {name}
      </th>
      <td className="py-1 align-top font-mono text-xs break-all">{value}</td>
      <td className="text-right whitespace-nowrap">
        <Button tone="quiet" size="icon" className="size-6" aria-label={`Only ${name}=${value}`} title="Only these" onClick={() => { include(name, value); }}>
          <ListFilter size={14} aria-hidden />
        </Button>
        <Button tone="quiet" size="icon" className="size-6" aria-label={`Without ${name}=${value}`} title="Without these" onClick={() => { exclude(name, value); }}>
          <ListX size={14} aria-hidden />
        </Button>
        <CopyButton text={value} what={name} />
      </td>
    </tr>
  );
}

export function LabelList({ labels }: { labels: Record<string, string> }) {
  return (
    <section aria-label="Labels">
      <table className="w-full">
        <caption className="pb-1 text-left text-xs text-muted">Labels</caption>
        <tbody>
          {Object.entries(labels)
            .toSorted(([one], [other]) => one.localeCompare(other))
            .map(([name, value]) => (
              <Row key={name} name={name} value={value} />
            ))}
        </tbody>
      </table>
    </section>
  );
}
