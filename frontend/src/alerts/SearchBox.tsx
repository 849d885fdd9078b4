/** Words are searched for as they are typed; a matcher such as `namespace=prod` becomes a chip with Enter. */
import { Search } from 'lucide-react';

import { cx } from '../ui/classes';
import { field } from '../ui/Menu';
import { useDraft, useSettling } from '../ui/typing';
import { parseMatcher } from './matchers';
import { useView } from './view';

export function SearchBox({ label = 'Search alerts' }: { label?: string }) {
  const { view, change, add } = useView();
  const q = view.q ?? '';
  const [draft, setDraft] = useDraft(q);
  // Silences are searched by words alone.
  const matcher = view.tab === 'silences' ? null : parseMatcher(draft);
  const waits = matcher !== null;
  useSettling(draft, q, waits, (text) => { change({ q: text || undefined }, { replace: true }); });
  return (
    <form
      role="search"
      className="relative w-72 max-sm:w-full"
      onSubmit={(event) => {
        event.preventDefault();
        if (!matcher) return;
        setDraft(q);
        add(matcher);
      }}
    >
      <Search size={16} className="absolute top-2 left-2 text-muted" aria-hidden />
      <input
        type="search"
        aria-label={label}
        data-search
        aria-keyshortcuts="/"
        placeholder={view.tab === 'silences' ? 'Matcher, comment or person' : 'Words, or label=value and Enter'}
        className={cx(field, 'pl-8', waits && 'font-mono')}
        value={draft}
        onChange={({ target }) => { setDraft(target.value); }}
      />
    </form>
  );
}
