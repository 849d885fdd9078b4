/** Over a range, or at one instant. */
import { ToggleGroup } from 'radix-ui';

const item = 'h-7 px-3 text-sm text-muted first:rounded-l-md last:rounded-r-md data-[state=on]:bg-hover data-[state=on]:font-medium data-[state=on]:text-ink';

export function ModeSwitch({ instant, onChange }: { instant: boolean; onChange: (instant: boolean) => void }) {
  return (
    <ToggleGroup.Root
      type="single"
      aria-label="Kind of question"
      className="flex divide-x divide-line rounded-md border border-line"
      value={instant ? 'instant' : 'range'}
      onValueChange={(value) => {
        if (value) onChange(value === 'instant');
      }}
    >
      <ToggleGroup.Item value="range" className={item}>
        Range
      </ToggleGroup.Item>
      <ToggleGroup.Item value="instant" className={item}>
        Instant
      </ToggleGroup.Item>
    </ToggleGroup.Root>
  );
}
