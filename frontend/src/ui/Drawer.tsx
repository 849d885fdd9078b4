/** One object beside its list, which stays usable: another row opens another object. */
import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useRef, type ReactNode } from 'react';

import { Button } from './Button';

interface DrawerProps {
  title: ReactNode;
  open: boolean;
  onClose: () => void;
  /** Selects what it was opened from, to have the focus again; a link from elsewhere has no such. */
  backTo: string;
  children: ReactNode;
}

export function Drawer({ title, open, onClose, backTo, children }: DrawerProps) {
  // Looked up before it is closed: afterwards nothing is marked as open any more.
  const opener = useRef<HTMLElement>(null);
  return (
    <Dialog.Root
      modal={false}
      open={open}
      onOpenChange={(stays) => {
        if (stays) return;
        opener.current = document.querySelector<HTMLElement>(backTo);
        onClose();
      }}
    >
      <Dialog.Content
        aria-describedby={undefined}
        data-beside
        onInteractOutside={(event) => { event.preventDefault(); }}
        onCloseAutoFocus={(event) => {
          event.preventDefault();
          (opener.current?.isConnected === true ? opener.current : document.getElementById('content'))?.focus();
        }}
        className="appear fixed inset-y-0 right-0 z-40 flex w-full flex-col border-l border-line bg-raised shadow-lg shadow-black/20 sm:w-140"
      >
        <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-4">
          <Dialog.Title className="min-w-0 flex-1 truncate text-base font-semibold">{title}</Dialog.Title>
          <Dialog.Close asChild>
            <Button tone="quiet" size="icon" aria-label="Close" aria-keyshortcuts="Escape">
              <X size={16} aria-hidden />
            </Button>
          </Dialog.Close>
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto p-4">{children}</div>
      </Dialog.Content>
    </Dialog.Root>
  );
}
