/** How many there are. It is read out when it answers what a person asked, not each time that it is asked again by itself. */
import { useEffect, useState } from 'react';

/** Long enough for the answer to be on the page, and heard of, before the region falls silent. */
const HEARD_MS = 1000;

interface CountProps {
  /** What the person asked for, such as the filters: another text is another question. */
  question: string;
  /** undefined until it is answered. */
  words: string | undefined;
  /** The words answer an older question still. */
  waiting: boolean;
}

export function Count({ question, words, waiting }: CountProps) {
  const [heard, setHeard] = useState<string | null>(null);
  const answered = words !== undefined && !waiting;
  useEffect(() => {
    if (!answered) return;
    const timer = window.setTimeout(setHeard, HEARD_MS, question);
    return () => {
      window.clearTimeout(timer);
    };
  }, [question, answered]);
  return (
    <p role="status" aria-live={heard === question ? 'off' : 'polite'} className="num text-sm text-muted sm:ml-auto">
      {words}
    </p>
  );
}
