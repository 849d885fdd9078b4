/** The matchers of a silence, one a line. Taking one away makes the silence wider. */
import { Plus, X } from 'lucide-react';

import { Button } from '../../ui/Button';
import { cx } from '../../ui/classes';
import { field } from '../../ui/Menu';
import { operators, type Line } from './silencing';

interface MatcherLinesProps {
  lines: readonly Line[];
  onChange: (lines: Line[]) => void;
}

function MatcherLine({ line, onChange, onRemove }: { line: Line; onChange: (line: Line) => void; onRemove: () => void }) {
  const { name, operator, value } = line;
  return (
    <li className="flex items-center gap-1 max-sm:flex-wrap max-sm:pb-1">
      <input aria-label="Label" className={cx(field, 'w-36 shrink font-mono max-sm:min-w-0 max-sm:flex-1 text-xs')} value={name} onChange={({ target }) => { onChange({ ...line, name: target.value }); }} />
      <select
        aria-label={`How ${name || 'it'} is compared`}
        className={cx(field, 'w-14 shrink-0 px-1 font-mono text-xs')}
        value={operator}
        onChange={({ target }) => { onChange({ ...line, operator: operators.find((each) => each === target.value) ?? '=' }); }}
      >
        {operators.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <input aria-label={`Value of ${name || 'it'}`} className={cx(field, 'min-w-0 flex-1 font-mono text-xs max-sm:order-last max-sm:basis-full')} value={value} onChange={({ target }) => { onChange({ ...line, value: target.value }); }} />
      <Button tone="quiet" size="icon" className="size-7" data-deed="matcher" aria-label={`Take ${name || 'the line'} away`} onClick={onRemove}>
        <X size={14} aria-hidden />
      </Button>
    </li>
  );
}

export function MatcherLines({ lines, onChange }: MatcherLinesProps) {
  const next = Math.max(-1, ...lines.map(({ key }) => key)) + 1;
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="pb-1 text-xs text-muted">Alerts with all of these</legend>
      <ul className="flex flex-col gap-1">
        {lines.map((line) => (
          <MatcherLine
            key={line.key}
            line={line}
            onChange={(changed) => { onChange(lines.map((each) => (each.key === line.key ? changed : each))); }}
            onRemove={() => { onChange(lines.filter(({ key }) => key !== line.key)); }}
          />
        ))}
      </ul>
      <div>
        <Button tone="quiet" size="small" data-deed="matcher" onClick={() => { onChange([...lines, { key: next, name: '', operator: '=', value: '' }]); }}>
          <Plus size={14} aria-hidden /> Add a matcher
        </Button>
      </div>
    </fieldset>
  );
}
