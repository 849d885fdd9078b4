/** Pages that come later than the frame, and hear the line that the frame holds. */
import type { LiveEvent } from './events';

export const hearers = new Set<(event: LiveEvent) => void>();
