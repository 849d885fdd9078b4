/** How the alerts are put together: not at all, the same alert of all clusters as one, or by any labels. */
import { useState } from 'react';

import { Choice } from '../ui/Choice';
import { cx } from '../ui/classes';
import { field } from '../ui/Menu';
import { SAME } from './asking';
import { useView } from './view';

const LABELS = 'labels';
const PRESETS = [
  ['', 'One by one'],
  [SAME, 'Same alert, all clusters'],
  ['alertname', 'By name'],
  ['cluster', 'By cluster'],
  ['namespace', 'By namespace'],
  ['severity', 'By severity'],
  [LABELS, 'By labels...'],
] as const;

export function GroupPicker() {
  const { view, change } = useView();
  const [typing, setTyping] = useState(false);
  const own = view.by !== undefined && !PRESETS.some(([value]) => value === view.by);
  return (
    <>
      <Choice
        label="Group"
        value={own || typing ? LABELS : view.by}
        options={PRESETS}
        onChange={(by) => {
          setTyping(by === LABELS);
          if (by !== LABELS) change({ by });
        }}
      />
      {(own || typing) && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const given = new FormData(event.currentTarget).get('by');
            const names = typeof given === 'string' ? given.split(/[\s,]+/).filter(Boolean) : [];
            setTyping(false);
            change({ by: names.join(',') || undefined });
          }}
        >
          <input
            key={view.by}
            name="by"
            aria-label="Labels to group by"
            placeholder="team, pod and Enter"
            defaultValue={own ? view.by : ''}
            className={cx(field, 'w-44 font-mono')}
          />
        </form>
      )}
    </>
  );
}
