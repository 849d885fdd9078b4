/** The places of the product: a rail at the left, on a phone a bar at the bottom. */
import { Link } from '@tanstack/react-router';
import { Bell, BookOpen, ChartLine, Gpu, LayoutGrid, PanelLeftClose, PanelLeftOpen, Settings, type LucideIcon } from 'lucide-react';
import { Tooltip } from 'radix-ui';
import { useState, type ReactNode } from 'react';

import { useFiring } from '../../api/alerts';
import { useMe } from '../../api/me';
import { cx } from '../classes';

const place =
  'flex h-10 items-center gap-3 rounded-md px-3 text-sm text-muted hover:bg-hover hover:text-ink max-sm:h-12 max-sm:flex-1 max-sm:flex-col max-sm:justify-center max-sm:gap-0.5 max-sm:px-1 max-sm:text-xs';
const here = 'bg-hover text-ink font-medium shadow-[inset_2px_0_0_var(--accent)] max-sm:shadow-[inset_0_2px_0_var(--accent)]';

const WIDE_KEY = 'aiops-rail-wide';

function useWide() {
  const [wide, setWide] = useState(localStorage.getItem(WIDE_KEY) === 'yes');
  const toggle = () => {
    localStorage.setItem(WIDE_KEY, wide ? 'no' : 'yes');
    setWide(!wide);
  };
  return [wide, toggle] as const;
}

function Hint({ text, shown, children }: { text: string; shown: boolean; children: ReactNode }) {
  if (!shown) return children;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side="right"
          sideOffset={8}
          className="appear z-50 rounded-md border border-line bg-raised px-2 py-1 text-sm text-ink shadow-lg max-sm:hidden"
        >
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

function Label({ wide, children }: { wide: boolean; children: string }) {
  return <span className={wide ? undefined : 'sm:sr-only'}>{children}</span>;
}

function Outside({ href, icon: Icon, label, wide }: { href: string; icon: LucideIcon; label: string; wide: boolean }) {
  return (
    <Hint text={label} shown={!wide}>
      <a href={href} className={place}>
        <Icon size={16} className="shrink-0" aria-hidden />
        <Label wide={wide}>{label}</Label>
      </a>
    </Hint>
  );
}

/** How many fire that matter, in the colour of the worst. */
function Firing({ wide }: { wide: boolean }) {
  const { critical, warning } = useFiring();
  const count = critical + warning;
  if (count === 0) return null;
  return (
    <span
      className={cx(
        'num rounded-full px-1.5 text-xs font-semibold',
        critical > 0 ? 'bg-bad-tint text-bad' : 'bg-warn-tint text-warn',
        wide ? 'sm:ml-auto' : 'sm:absolute sm:top-0 sm:right-0',
        'max-sm:absolute max-sm:top-0.5 max-sm:left-1/2 max-sm:ml-1',
      )}
    >
      <span className="sr-only">, firing: </span>
      {count > 99 ? '99+' : count}
    </span>
  );
}

function Ours({ wide }: { wide: boolean }) {
  return (
    <>
      <Hint text="Fleet" shown={!wide}>
        <Link to="/" className={place} activeOptions={{ exact: true }} activeProps={{ className: here }}>
          <LayoutGrid size={16} className="shrink-0" aria-hidden />
          <Label wide={wide}>Fleet</Label>
        </Link>
      </Hint>
      <Hint text="Alerts" shown={!wide}>
        <Link to="/alerts" className={cx(place, 'relative')} activeProps={{ className: here }}>
          <Bell size={16} className="shrink-0" aria-hidden />
          <Label wide={wide}>Alerts</Label>
          <Firing wide={wide} />
        </Link>
      </Hint>
      <Hint text="GPUs" shown={!wide}>
        <Link to="/gpus" className={place} activeProps={{ className: here }}>
          <Gpu size={16} className="shrink-0" aria-hidden />
          <Label wide={wide}>GPUs</Label>
        </Link>
      </Hint>
      <Hint text="Explore" shown={!wide}>
        <Link to="/explore" className={place} activeProps={{ className: here }}>
          <ChartLine size={16} className="shrink-0" aria-hidden />
          <Label wide={wide}>Explore</Label>
        </Link>
      </Hint>
    </>
  );
}

export function Rail() {
  const me = useMe();
  const [wide, toggleWide] = useWide();
  const Toggle = wide ? PanelLeftClose : PanelLeftOpen;
  return (
    <Tooltip.Provider delayDuration={300}>
      <nav
        aria-label="Places"
        className={cx(
          'z-30 flex shrink-0 flex-col gap-1 border-r border-line bg-raised p-2 sm:sticky sm:top-0 sm:h-dvh',
          'max-sm:fixed max-sm:inset-x-0 max-sm:bottom-0 max-sm:h-14 max-sm:flex-row max-sm:border-t max-sm:border-r-0 max-sm:p-1',
          wide ? 'sm:w-52' : 'sm:w-14',
        )}
      >
        <Link to="/" className="mb-2 flex h-8 items-center gap-3 px-2 max-sm:hidden" aria-label="AIOps NextGen, fleet">
          <img src="/static/brand/mark.svg" alt="" width={24} height={24} />
          {wide && <span className="font-semibold">AIOps NextGen</span>}
        </Link>
        <Ours wide={wide} />
        {me?.is_staff === true && <Outside href="/admin/" icon={Settings} label="Admin" wide={wide} />}
        <Outside href="/api/docs" icon={BookOpen} label="API docs" wide={wide} />
        <button
          type="button"
          onClick={toggleWide}
          aria-expanded={wide}
          className={cx(place, 'mt-auto max-sm:hidden')}
          title={wide ? undefined : 'Expand'}
        >
          <Toggle size={16} className="shrink-0" aria-hidden />
          <Label wide={wide}>{wide ? 'Collapse' : 'Expand'}</Label>
        </button>
      </nav>
    </Tooltip.Provider>
  );
}
