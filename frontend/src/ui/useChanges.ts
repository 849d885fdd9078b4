/** How often a value has changed since it was first shown: what has just changed may be tinted for a moment. */
import { useState } from 'react';

export function useChanges(value: string): number {
  const [seen, setSeen] = useState({ value, changes: 0 });
  if (seen.value !== value) setSeen({ value, changes: seen.changes + 1 });
  return seen.changes;
}
