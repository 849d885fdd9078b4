/** Severities and states of alerts as people see them: a word, a colour and an icon of its own shape. */
import { BellOff, CircleCheck, CircleDashed, CircleDot, EyeOff, Flame, OctagonX, TriangleAlert } from 'lucide-react';

import type { Alert } from '../api/types';
import type { Look } from '../ui/Badge';

export const severityLooks = {
  CRITICAL: { word: 'Critical', icon: OctagonX, text: 'text-bad' },
  WARNING: { word: 'Warning', icon: TriangleAlert, text: 'text-warn' },
  INFO: { word: 'Info', icon: CircleDot, text: 'text-info' },
} as const satisfies Record<Alert['severity'], Look>;

export const stateLooks = {
  FIRING: { word: 'Firing', icon: Flame, text: 'text-ink' },
  PENDING: { word: 'Pending', icon: CircleDashed, text: 'text-idle' },
  RESOLVED: { word: 'Resolved', icon: CircleCheck, text: 'text-ok' },
} as const satisfies Record<Alert['state'], Look>;

export const SILENCED: Look = { word: 'Silenced', icon: BellOff, text: 'text-silenced' };
export const INHIBITED: Look = { word: 'Inhibited', icon: EyeOff, text: 'text-silenced' };

/** Why nobody is told of it, besides what a person decided: both may be so at once. */
export const mutedLooks = ({ silenced, inhibited }: Pick<Alert, 'silenced' | 'inhibited'>): Look[] => [
  ...(silenced ? [SILENCED] : []),
  ...(inhibited ? [INHIBITED] : []),
];
