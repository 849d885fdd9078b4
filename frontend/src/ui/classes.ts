/** Joins class names; of two that set the same property, the later wins. */
import { twMerge } from 'tailwind-merge';

export const cx = (...classes: (string | false | undefined)[]): string => twMerge(classes.filter(Boolean).join(' '));
