/** One of a few: what narrows a list stands out once it is chosen. */
import { cx } from './classes';
import { field } from './Menu';

interface ChoiceProps {
  label: string;
  value: string | undefined;
  options: readonly (readonly [value: string, word: string])[];
  onChange: (value: string | undefined) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      className={cx(field, 'w-auto max-w-full', value === undefined ? 'border-line' : 'border-accent')}
      value={value ?? ''}
      onChange={({ target }) => { onChange(target.value || undefined); }}
    >
      {options.map(([each, word]) => (
        <option key={each} value={each}>
          {word}
        </option>
      ))}
    </select>
  );
}
