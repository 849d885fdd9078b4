/** Whether what is on the screen is live, in a shape, a colour and words. */
import { CircleDashed, CircleDot, LogOut, WifiOff, type LucideIcon } from 'lucide-react';

import { useConnection, type Phase } from '../../live/store';
import { cx } from '../classes';

const lights: Record<Phase, { word: string; told: string; icon: LucideIcon; tone: string }> = {
  live: { word: 'Live', told: 'Changes appear as they happen.', icon: CircleDot, tone: 'text-ok' },
  connecting: { word: 'Connecting', told: 'Opening the live line.', icon: CircleDashed, tone: 'text-idle' },
  lost: { word: 'Not live', told: 'The live line is lost; it is tried again by itself.', icon: WifiOff, tone: 'text-bad' },
  'signed-out': { word: 'Signed out', told: 'Sign in again to see changes.', icon: LogOut, tone: 'text-bad' },
};

export function ConnectionLight() {
  const phase = useConnection((state) => state.phase);
  const { word, told, icon: Icon, tone } = lights[phase];
  return (
    <p role="status" title={told} className={cx('flex items-center gap-1.5 px-1 text-sm whitespace-nowrap', tone)}>
      <Icon size={16} aria-hidden />
      {word}
    </p>
  );
}
