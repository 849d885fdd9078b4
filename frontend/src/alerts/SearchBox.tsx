/** Words are searched for as they are typed; a matcher such as `namespace=prod` becomes a chip with Enter. */
import { Search } from 'lucide-react';
import { useEffect, useState } from 'react';

import { cx } from '../ui/classes';
import { field } from '../ui/Menu';
import { parseMatcher } from './matchers';
import { useView } from './view';

const PAUSE_MS = 250;

/** What is typed, begun anew whenever the address changes by other means, such as Back. */
function useDraft(q: string) {
  const [seen, setSeen] = useState(q);
  const [draft, setDraft] = useState(q);
  if (seen !== q) {
    setSeen(q);
    setDraft(q);
  }
  return [draft, setDraft] as const;
}

export function SearchBox({ label = 'Search alerts' }: { label?: string }) {
  const { view, change, add } = useView();
  const q = view.q ?? '';
  const [draft, setDraft] = useDraft(q);
  // Silences are searched by words alone.
  const matcher = view.tab === 'silences' ? null : parseMatcher(draft);
  const waits = matcher !== null;
  useEffect(() => {
    if (draft === q || waits) return;
    const timer = window.setTimeout(() => { change({ q: draft || undefined }, { replace: true }); }, PAUSE_MS);
    return () => { window.clearTimeout(timer); };
  }, [draft, q, waits, change]);
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
