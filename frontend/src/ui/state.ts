/** The states of a cluster as people see them: a word, a colour and an icon of its own shape. */
import {
  CircleCheck,
  CircleDashed,
  CircleDot,
  OctagonX,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';

import type { ClusterState } from '../api/types';

export interface Look {
  word: string;
  icon: LucideIcon;
  /** Class names are written out whole: Tailwind finds them by reading the source. */
  text: string;
  /** The left edge of a card; trouble also tints the card, to be seen from afar. */
  edge: string;
  fill: string;
}

export const looks = {
  OFFLINE: { word: 'Offline', icon: OctagonX, text: 'text-bad', edge: 'border-l-bad bg-bad-tint', fill: 'var(--bad)' },
  DEGRADED: { word: 'Degraded', icon: TriangleAlert, text: 'text-warn', edge: 'border-l-warn bg-warn-tint', fill: 'var(--warn)' },
  UNKNOWN: { word: 'Unknown', icon: CircleDashed, text: 'text-idle', edge: 'border-l-idle', fill: 'var(--idle)' },
  PROVISIONING: { word: 'Provisioning', icon: CircleDot, text: 'text-info', edge: 'border-l-info', fill: 'var(--info)' },
  ONLINE: { word: 'Online', icon: CircleCheck, text: 'text-ok', edge: 'border-l-ok', fill: 'var(--ok)' },
} as const satisfies Record<ClusterState, Look>;

/** Worst first: the order of everything that lists states. */
export const states = Object.keys(looks) as ClusterState[];
