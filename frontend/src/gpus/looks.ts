/** Health of cards as people see it: a word, a colour and an icon of its own shape. */
import { CircleCheck, CircleDot, OctagonX, TriangleAlert } from 'lucide-react';

import type { Gpu, GpuNode } from '../api/types';
import type { Look } from '../ui/Badge';

export const healthLooks = {
  CRITICAL: { word: 'Critical', icon: OctagonX, text: 'text-bad' },
  WARNING: { word: 'Warning', icon: TriangleAlert, text: 'text-warn' },
  INFO: { word: 'Note', icon: CircleDot, text: 'text-info' },
  OK: { word: 'Healthy', icon: CircleCheck, text: 'text-ok' },
} as const satisfies Record<Gpu['health'], Look>;

/** How bad is what is wrong with the node itself; its cards have edges of their own. */
export const worstOf = ({ findings }: Pick<GpuNode, 'findings'>): Gpu['health'] | undefined =>
  (['CRITICAL', 'WARNING', 'INFO'] as const).find((each) => findings.some(({ severity }) => severity === each));

/** The left edge of a card; trouble also tints it, to be seen from afar. */
export const edges = {
  CRITICAL: 'border-l-bad bg-bad-tint',
  WARNING: 'border-l-warn bg-warn-tint',
  INFO: 'border-l-info',
  OK: 'border-l-ok',
} as const satisfies Record<Gpu['health'], string>;
