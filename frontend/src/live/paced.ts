/** Does something at once, and when asked for more of it, at most once in a while. */

export interface Paced {
  ask: () => void;
  stop: () => void;
}

export function paced(pauseMs: number, act: () => void): Paced {
  let timer: number | undefined;
  let asked = false;
  const rest = () => {
    timer = window.setTimeout(() => {
      timer = undefined;
      if (!asked) return;
      asked = false;
      act();
      rest();
    }, pauseMs);
  };
  return {
    ask: () => {
      if (timer !== undefined) {
        asked = true;
        return;
      }
      act();
      rest();
    },
    stop: () => {
      window.clearTimeout(timer);
      asked = false;
      timer = undefined;
    },
  };
}
