/** Who is signed in, and the way out. */
import { CircleUser, LogOut } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';

import { cookie } from '../../api/client';
import { useMe } from '../../api/me';
import { Button } from '../Button';
import { MenuContent, menuItem } from '../Menu';

const roleWords = { ADMIN: 'Administrator', OPERATOR: 'Operator', VIEWER: 'Viewer' } as const;

/** Signing out is a form of its own page (and not a fetch), so that the server may send us where it likes. */
function signOut(): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = '/accounts/logout/';
  const token = document.createElement('input');
  token.type = 'hidden';
  token.name = 'csrfmiddlewaretoken';
  token.value = cookie('csrftoken');
  form.append(token);
  document.body.append(form);
  form.submit();
}

export function UserMenu() {
  const me = useMe();
  const name = me?.display_name || me?.username;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button tone="quiet" size="icon" aria-label={name === undefined ? 'Account' : `Account: ${name}`} title={name}>
          <CircleUser size={18} aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
      <MenuContent>
        {me && (
          <DropdownMenu.Label className="px-2 py-1.5 text-sm">
            <span className="block font-medium">{name}</span>
            <span className="block text-xs text-muted">{me.role === null ? 'No role yet' : roleWords[me.role]}</span>
            <span className="block text-xs text-muted">Version {me.version}</span>
          </DropdownMenu.Label>
        )}
        <DropdownMenu.Separator className="my-1 h-px bg-line" />
        <DropdownMenu.Item className={menuItem} onSelect={signOut}>
          <LogOut size={16} aria-hidden />
          Sign out
        </DropdownMenu.Item>
      </MenuContent>
    </DropdownMenu.Root>
  );
}
