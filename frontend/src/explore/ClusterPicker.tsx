/** Whom to ask: every enabled cluster, or those chosen. */
import { Check, ChevronDown, Server } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';

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

function Option({ cluster, checked, onToggle }: { cluster: Cluster; checked: boolean; onToggle: () => void }) {
  const { icon: Icon, text, word } = looks[cluster.status.state];
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={checked}
      className={cx(menuItem, 'hover:bg-hover focus-visible:bg-hover')}
      onClick={onToggle}
    >
      <span className="flex size-4 items-center justify-center rounded border border-line-strong">
        {checked && <Check size={14} aria-hidden />}
      </span>
      <span className="flex-1 truncate text-left">{cluster.name}</span>
      <Icon size={14} className={text} aria-hidden />
      <span className="sr-only">{word}</span>
    </button>
  );
}

export function ClusterPicker({ fleet, chosen, onChange }: ClusterPickerProps) {
  const [search, setSearch] = useState('');
  const names = namesIn(chosen);
  const toggle = (name: string) => {
    const next = names.includes(name) ? names.filter((other) => other !== name) : [...names, name];
    onChange({ clusters: next.join(',') });
  };
  const offered = fleet.filter(({ enabled, name }) => enabled && name.includes(search.trim().toLowerCase()));
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button className="max-w-full" aria-label={`Clusters: ${scopeWords(names)}`}>
          <Server size={16} aria-hidden />
          <span className="truncate">{scopeWords(names)}</span>
          <ChevronDown size={14} aria-hidden />
        </Button>
      </Popover.Trigger>
      <PopoverContent className="w-72 p-1">
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
        <button
          type="button"
          role="checkbox"
          aria-checked={names.length === 0}
          className={cx(menuItem, 'border-b border-line hover:bg-hover focus-visible:bg-hover')}
          onClick={() => {
            onChange({ clusters: '' });
          }}
        >
          <span className="flex size-4 items-center justify-center rounded border border-line-strong">
            {names.length === 0 && <Check size={14} aria-hidden />}
          </span>
          All enabled clusters
        </button>
        <div role="group" aria-label="Clusters">
          {offered.map((cluster) => (
            <Option
              key={cluster.id}
              cluster={cluster}
              checked={names.includes(cluster.name)}
              onToggle={() => {
                toggle(cluster.name);
              }}
            />
          ))}
        </div>
      </PopoverContent>
    </Popover.Root>
  );
}
