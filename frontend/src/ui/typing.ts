/** Words that are searched for as they are typed: not each letter asks. */
import { useEffect, useEffectEvent, useState } from 'react';

const PAUSE_MS = 250;

/** What is typed, begun anew whenever the address changes by other means, such as Back. */
export function useDraft(q: string) {
  const [seen, setSeen] = useState(q);
  const [draft, setDraft] = useState(q);
  if (seen !== q) {
    setSeen(q);
    setDraft(q);
  }
  return [draft, setDraft] as const;
}

/** Tell of a draft that was still for a moment, unless it waits for something else. */
export function useSettling(draft: string, q: string, waits: boolean, onSettled: (text: string) => void): void {
  const settle = useEffectEvent(onSettled);
  useEffect(() => {
    if (draft === q || waits) return;
    const timer = window.setTimeout(() => { settle(draft); }, PAUSE_MS);
    return () => { window.clearTimeout(timer); };
  }, [draft, q, waits]);
}
