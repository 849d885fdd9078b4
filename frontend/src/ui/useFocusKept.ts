/** Keeps the focus where a person works: what had it may go away because it has done its work. */
import { useEffect, type RefObject } from 'react';

/** A button that opens a form and those that close it are of the same `data-deed`, and stand in for each other. */
const takerOf = (place: HTMLElement, deed: string | undefined): HTMLElement =>
  (deed !== undefined && place.querySelector<HTMLElement>(`button[data-deed="${deed}"]`)) || place;

/** `place` must be able to take the focus itself (tabIndex -1): it has it where nothing else stands for what is gone. */
export function useFocusKept(place: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let last: HTMLElement | null = null;
    const note = ({ target }: FocusEvent) => {
      last = target instanceof HTMLElement ? target : null;
    };
    const gone = new MutationObserver(() => {
      if (last === null || last.isConnected || document.activeElement !== document.body) return;
      takerOf(element, last.closest<HTMLElement>('[data-deed]')?.dataset.deed).focus();
    });
    // Who clicks on nothing in particular has let go of it; who clicks on something gives it the focus next.
    const letGo = () => {
      last = null;
    };
    document.addEventListener('pointerdown', letGo);
    element.addEventListener('focusin', note);
    gone.observe(element, { childList: true, subtree: true });
    return () => {
      gone.disconnect();
      document.removeEventListener('pointerdown', letGo);
      element.removeEventListener('focusin', note);
    };
  }, [place]);
}
