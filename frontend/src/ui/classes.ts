/** Joins class names; of two that set the same property, the later wins. */
import { extendTailwindMerge } from 'tailwind-merge';

// Unless told, it takes our own size `text-title` for a colour.
const twMerge = extendTailwindMerge({ extend: { theme: { text: ['title'] } } });

export const cx = (...classes: (string | false | undefined)[]): string => twMerge(classes.filter(Boolean).join(' '));
