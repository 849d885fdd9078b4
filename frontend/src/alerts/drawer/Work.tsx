/** Take the alert, with a note; let it go; assign it; silence it. Offered to those who may. */
import { BellOff, UserCheck, UserMinus, UserPlus } from 'lucide-react';
import { useState } from 'react';

import { useAcknowledge, useAssign, useRelease } from '../../api/alerts';
import { useMe } from '../../api/me';
import type { AlertDetail } from '../../api/types';
import { Button } from '../../ui/Button';
import { field } from '../../ui/Menu';
import { FailureNote } from '../../ui/Notice';

function Acknowledge({ alert }: { alert: AlertDetail }) {
  const [note, setNote] = useState('');
  const { mutate, isPending, error } = useAcknowledge();
  return (
    <form
      aria-label="Acknowledge"
      data-deed="take"
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ id: alert.id, note: note.trim() });
      }}
    >
      <div className="flex gap-2">
        <input aria-label="Note" placeholder="Note, if you like" className={field} value={note} onChange={({ target }) => { setNote(target.value); }} />
        <Button type="submit" tone="primary" data-deed="take" aria-keyshortcuts="a" aria-disabled={isPending}>
          <UserCheck size={16} aria-hidden /> Acknowledge
        </Button>
      </div>
      {error && <FailureNote title="It could not be acknowledged" error={error} />}
    </form>
  );
}

function Release({ alert }: { alert: AlertDetail }) {
  const { mutate, error } = useRelease();
  return (
    <>
      <Button data-deed="take" onClick={() => { mutate(alert.id); }}>
        <UserMinus size={16} aria-hidden /> Release
      </Button>
      {error && <FailureNote title="It could not be released" error={error} className="basis-full" />}
    </>
  );
}

function Assign({ alert }: { alert: AlertDetail }) {
  const me = useMe();
  const { mutate, error } = useAssign();
  const mine = me !== undefined && alert.assigned_to === me.username;
  const assign = (username: string | null) => { mutate({ id: alert.id, username }); };
  return (
    <>
      {me && !mine && (
        <Button data-deed="assign" onClick={() => { assign(me.username); }}>
          <UserPlus size={16} aria-hidden /> Assign to me
        </Button>
      )}
      {alert.assigned_to !== null && (
        <Button data-deed="assign" onClick={() => { assign(null); }}>
          <UserMinus size={16} aria-hidden /> Unassign
        </Button>
      )}
      {error && <FailureNote title="It could not be assigned" error={error} className="basis-full" />}
    </>
  );
}

export function Work({ alert, onSilence }: { alert: AlertDetail; onSilence: () => void }) {
  const taken = alert.acknowledged_at !== null;
  return (
    <section aria-label="What you can do" className="flex flex-col gap-2">
      {!taken && <Acknowledge alert={alert} />}
      <div className="flex flex-wrap gap-2">
        {taken && <Release alert={alert} />}
        <Assign alert={alert} />
        <Button data-deed="silence" onClick={onSilence}>
          <BellOff size={16} aria-hidden /> Silence
        </Button>
      </div>
    </section>
  );
}
