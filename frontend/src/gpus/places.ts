/** What is held, in words: a card, or a slice of one. */
import type { GpuClaim } from '../api/types';

export function placeOf({ gpu_index, profile, gpu_instance_id }: Pick<GpuClaim, 'gpu_index' | 'profile' | 'gpu_instance_id'>): string {
  const card = gpu_index === null ? 'A card without a number' : `GPU ${gpu_index}`;
  if (profile !== null) return `${card}, slice ${profile}`;
  return gpu_instance_id === null ? card : `${card}, slice ${gpu_instance_id}`;
}
