/** One menu for all labels below it: include, exclude, copy. */
import { Copy, ListFilter, ListX } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useMemo, useState, type ReactNode } from 'react';

import { MenuContent, menuItem } from '../ui/Menu';
import { LabelContext, useView, type LabelDeeds } from './view';

interface Opened {
  name: string;
  value: string;
  at: { x: number; y: number };
}

function Items({ opened, deeds }: { opened: Opened; deeds: LabelDeeds }) {
  const { name, value } = opened;
  const copy = (text: string) => void navigator.clipboard.writeText(text);
  return (
    <>
      <DropdownMenu.Label className="max-w-80 truncate px-2 py-1 font-mono text-xs text-muted">
        {name}={value}
      </DropdownMenu.Label>
      <DropdownMenu.Item className={menuItem} onSelect={() => { deeds.include(name, value); }}>
        <ListFilter size={16} aria-hidden /> Only these
      </DropdownMenu.Item>
      <DropdownMenu.Item className={menuItem} onSelect={() => { deeds.exclude(name, value); }}>
        <ListX size={16} aria-hidden /> Without these
      </DropdownMenu.Item>
      {/* Only a secure context (https or localhost) has a clipboard. */}
      {window.isSecureContext && (
        <>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className={menuItem} onSelect={() => { copy(value); }}>
            <Copy size={16} aria-hidden /> Copy the value
          </DropdownMenu.Item>
          <DropdownMenu.Item className={menuItem} onSelect={() => { copy(`${name}="${value}"`); }}>
            <Copy size={16} aria-hidden /> Copy as matcher
          </DropdownMenu.Item>
        </>
      )}
    </>
  );
}

export function LabelMenu({ children }: { children: ReactNode }) {
  const { add } = useView();
  const [opened, setOpened] = useState<Opened | null>(null);
  const deeds = useMemo<LabelDeeds>(
    () => ({
      include: (name, value) => { add({ name, operator: '=', value }); },
      exclude: (name, value) => { add({ name, operator: '!=', value }); },
      menu: (name, value, at) => { setOpened({ name, value, at }); },
    }),
    [add],
  );
  return (
    <LabelContext value={deeds}>
      {children}
      {opened && (
        <DropdownMenu.Root open onOpenChange={() => { setOpened(null); }}>
          <DropdownMenu.Trigger asChild>
            <span aria-hidden className="fixed size-0" style={{ left: opened.at.x, top: opened.at.y }} />
          </DropdownMenu.Trigger>
          <MenuContent align="start" aria-label={`Label ${opened.name}`}>
            <Items opened={opened} deeds={deeds} />
          </MenuContent>
        </DropdownMenu.Root>
      )}
    </LabelContext>
  );
}
