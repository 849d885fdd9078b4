/** Who has taken an alert, and who is to do something about it. */
import { UserCheck, UserRound } from 'lucide-react';

import type { Alert } from '../api/types';
import { Ago } from '../ui/Time';
import { mutedLooks } from './looks';
import { Badge } from '../ui/Badge';

export function Taken({ alert }: { alert: Alert }) {
  const { acknowledged_by, acknowledged_at, acknowledgement, assigned_to } = alert;
  return (
    <span className="flex flex-col">
      {acknowledged_at !== null && (
        <span className="flex items-center gap-1 whitespace-nowrap" title={acknowledgement || undefined}>
          <UserCheck size={14} className="shrink-0 text-ok" aria-hidden />
          <span className="sr-only">Acknowledged by</span>
          <span className="max-w-28 truncate">{acknowledged_by ?? 'somebody who is gone'}</span>
          <span className="text-xs text-muted">
            <Ago time={acknowledged_at} />
          </span>
        </span>
      )}
      {assigned_to !== null && (
        <span className="flex items-center gap-1 whitespace-nowrap text-muted">
          <UserRound size={14} className="shrink-0" aria-hidden />
          <span className="sr-only">Assigned to</span>
          <span className="max-w-28 truncate">{assigned_to}</span>
        </span>
      )}
    </span>
  );
}

export function Muted({ alert }: { alert: Alert }) {
  return mutedLooks(alert).map((look) => <Badge key={look.word} look={look} className="text-xs" />);
}
