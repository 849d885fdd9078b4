/** The keyboard: j and k go through the rows, Enter opens (each is a link), a acknowledges, / searches. */
import { useEffect, useEffectEvent } from 'react';

const ROW = 'a[data-alert]';

const rows = (): HTMLAnchorElement[] => [...document.querySelectorAll<HTMLAnchorElement>(ROW)];

/** The row in focus, or the one that a click has opened last. */
function current(): HTMLAnchorElement | null {
  const focused = document.activeElement?.closest('tr')?.querySelector<HTMLAnchorElement>(ROW);
  return focused ?? document.querySelector<HTMLAnchorElement>(`tr[aria-current] ${ROW}`);
}

function step(by: 1 | -1): void {
  const all = rows();
  const at = current();
  const index = at === null ? -1 : all.indexOf(at);
  const next = all[index === -1 ? 0 : index + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** Whether the key belongs to something else: a field, a menu, a dialog in front of the list, or the browser itself. */
const isElsewhere = ({ target, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean =>
  altKey ||
  ctrlKey ||
  metaKey ||
  (target instanceof Element && target.closest('input, textarea, select, [role=menu], [role=dialog]:not([data-beside]), .cm-editor') !== null);

/** `onAcknowledge` is given the id of an alert. */
export function useKeys(onAcknowledge: (id: string) => void): void {
  const acknowledge = useEffectEvent(onAcknowledge);
  useEffect(() => {
    const deeds: Record<string, () => void> = {
      j: () => { step(1); },
      k: () => { step(-1); },
      a: () => {
        const id = current()?.dataset.alert;
        if (id !== undefined) acknowledge(id);
      },
      '/': () => document.querySelector<HTMLInputElement>('[data-search]')?.focus(),
    };
    const listen = (event: KeyboardEvent) => {
      const deed = isElsewhere(event) ? undefined : deeds[event.key];
      if (!deed) return;
      event.preventDefault();
      deed();
    };
    window.addEventListener('keydown', listen);
    return () => {
      window.removeEventListener('keydown', listen);
    };
  }, []);
}
