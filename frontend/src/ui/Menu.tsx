/** Our clothes for Radix's menus and popovers. */
import { DropdownMenu, Popover } from 'radix-ui';
import type { ComponentProps } from 'react';

import { cx } from './classes';

const floating = 'appear z-50 rounded-lg border border-line bg-raised text-ink shadow-lg shadow-black/20';

export function MenuContent({ className, ...rest }: ComponentProps<typeof DropdownMenu.Content>) {
  return (
    <DropdownMenu.Portal>
      <DropdownMenu.Content
        align="end"
        sideOffset={6}
        className={cx(floating, 'min-w-44 p-1', className)}
        {...rest}
      />
    </DropdownMenu.Portal>
  );
}

export const menuItem =
  'flex h-8 w-full items-center gap-2 rounded px-2 text-sm outline-none data-highlighted:bg-hover data-disabled:opacity-60';

export function PopoverContent({ className, ...rest }: ComponentProps<typeof Popover.Content>) {
  return (
    <Popover.Portal>
      <Popover.Content
        align="start"
        sideOffset={6}
        collisionPadding={8}
        className={cx(floating, 'max-h-(--radix-popover-content-available-height) overflow-y-auto', className)}
        {...rest}
      />
    </Popover.Portal>
  );
}

/** The look of every text field. */
export const field =
  'h-8 w-full rounded-md border border-line-strong bg-raised px-2 text-sm text-ink placeholder:text-muted';
