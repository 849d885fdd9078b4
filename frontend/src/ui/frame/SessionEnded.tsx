/** The session is over: sign in again and come back to this view. What is on the page stays behind it. */
import { useLocation } from '@tanstack/react-router';
import { Dialog } from 'radix-ui';
import { useState } from 'react';

import { signInUrl, useSession } from '../../session';
import { Button, ButtonLink } from '../Button';

export function SessionEnded() {
  const ended = useSession((session) => session.ended);
  const [dismissed, setDismissed] = useState(false);
  const { pathname, searchStr } = useLocation();
  return (
    <Dialog.Root
      open={ended && !dismissed}
      onOpenChange={(open) => {
        setDismissed(!open);
      }}
    >
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Dialog.Content className="appear fixed top-1/3 left-1/2 z-50 flex w-[min(92vw,420px)] -translate-x-1/2 flex-col gap-3 rounded-lg border border-line bg-raised p-5 shadow-lg shadow-black/20">
          <Dialog.Title className="text-base font-semibold">Your session has ended</Dialog.Title>
          <Dialog.Description className="text-muted">
            Sign in again to go on; you come back to this view. What is shown now no longer changes.
          </Dialog.Description>
          {/* The first in order has the focus when the dialog opens. */}
          <div className="flex flex-row-reverse gap-2">
            <ButtonLink tone="primary" href={signInUrl({ pathname, search: searchStr })}>
              Sign in again
            </ButtonLink>
            <Dialog.Close asChild>
              <Button tone="quiet">Keep reading</Button>
            </Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
