/** A button, and a link that looks like one. */
import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';

import { cx } from './classes';

const look = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap disabled:cursor-not-allowed disabled:opacity-60',
  {
    variants: {
      tone: {
        primary: 'border-transparent bg-accent text-accent-ink hover:opacity-90',
        plain: 'border-line bg-raised text-ink hover:bg-hover',
        quiet: 'border-transparent text-muted hover:bg-hover hover:text-ink',
      },
      size: { normal: 'h-8 px-3 text-sm', icon: 'size-8', small: 'h-7 px-2 text-sm' },
    },
    defaultVariants: { tone: 'plain', size: 'normal' },
  },
);

type Look = VariantProps<typeof look>;

export function Button({ tone, size, className, type = 'button', ...rest }: ComponentProps<'button'> & Look) {
  return <button type={type} className={cx(look({ tone, size }), className)} {...rest} />;
}

export function ButtonLink({ tone, size, className, children, ...rest }: ComponentProps<'a'> & Look) {
  return (
    <a className={cx(look({ tone, size }), className)} {...rest}>
      {children}
    </a>
  );
}
