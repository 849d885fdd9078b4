/** Whom to ask: every enabled cluster, or those chosen. */
import { Check, ChevronDown, Server } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState, type ReactNode } from 'react';

import type { Cluster } from '../api/types';
import { Button } from '../ui/Button';
import { cx } from '../ui/classes';
import { field, menuItem, PopoverContent } from '../ui/Menu';
import { looks } from '../ui/state';
import { counted } from '../ui/words';
import { namesIn, type Explore } from './address';

interface ClusterPickerProps {
  fleet: readonly Cluster[];
  /** Names joined by commas; undefined is all. */
  chosen: string | undefined;
  onChange: (changes: Partial<Explore>) => void;
}

const SEARCH_FROM = 8;

function scopeWords(names: readonly string[]): string {
  if (names.length === 0) return 'All clusters';
  return names.length <= 2 ? names.join(', ') : counted(names.length, 'cluster');
}

function Tick({ checked }: { checked: boolean }) {
  return (
    <span className="flex size-4 items-center justify-center rounded border border-line-strong">
      {checked && <Check size={14} aria-hidden />}
    </span>
  );
}

interface OptionProps {
  checked: boolean;
  onToggle: () => void;
  children: ReactNode;
  className?: string;
}

function Option({ checked, onToggle, children, className }: OptionProps) {
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={checked}
      className={cx(menuItem, 'hover:bg-hover focus-visible:bg-hover', className)}
      onClick={onToggle}
    >
      <Tick checked={checked} />
      {children}
    </button>
  );
}

function Named({ cluster }: { cluster: Cluster }) {
  const { icon: Icon, text, word } = looks[cluster.status.state];
  return (
    <>
      <span className="flex-1 truncate text-left">{cluster.name}</span>
      <Icon size={14} className={text} aria-hidden />
      <span className="sr-only">{word}</span>
    </>
  );
}

function Options({ fleet, chosen, onChange }: ClusterPickerProps) {
  const [search, setSearch] = useState('');
  const names = namesIn(chosen);
  const offered = fleet.filter(({ enabled, name }) => enabled && name.includes(search.trim().toLowerCase()));
  const toggle = (name: string) => {
    const next = names.includes(name) ? names.filter((other) => other !== name) : [...names, name];
    onChange({ clusters: next.join(',') });
  };
  return (
    <>
      {fleet.length >= SEARCH_FROM && (
        <input
          type="search"
          aria-label="Find a cluster"
          placeholder="Find a cluster"
          className={cx(field, 'mb-1')}
          value={search}
          onChange={({ target }) => {
            setSearch(target.value);
          }}
        />
      )}
      <Option checked={names.length === 0} onToggle={() => { onChange({ clusters: '' }); }} className="border-b border-line">
        All enabled clusters
      </Option>
      <div role="group" aria-label="Clusters">
        {offered.map((cluster) => (
          <Option key={cluster.id} checked={names.includes(cluster.name)} onToggle={() => { toggle(cluster.name); }}>
            <Named cluster={cluster} />
          </Option>
        ))}
      </div>
    </>
  );
}

export function ClusterPicker(props: ClusterPickerProps) {
  const words = scopeWords(namesIn(props.chosen));
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button className="max-w-full" aria-label={`Clusters: ${words}`}>
          <Server size={16} aria-hidden />
          <span className="truncate">{words}</span>
          <ChevronDown size={14} aria-hidden />
        </Button>
      </Popover.Trigger>
      <PopoverContent aria-label="Clusters to ask" className="w-72 p-1">
        <Options {...props} />
      </PopoverContent>
    </Popover.Root>
  );
}
