/** Where one is, how the line to the platform stands, and the person's own menu. */
import { useMatches, Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';

import { ConnectionLight } from './ConnectionLight';
import { ThemeMenu } from './ThemeMenu';
import { UserMenu } from './UserMenu';

function Title() {
  const match = useMatches().at(-1);
  const title = match?.staticData.title ?? 'Not found';
  const name = match && 'name' in match.params ? match.params.name : undefined;
  if (name === undefined) return <h1 className="text-title font-semibold">{title}</h1>;
  return (
    <div className="flex min-w-0 items-center gap-1">
      <Link to="/" className="shrink-0 text-muted hover:text-ink hover:underline max-sm:sr-only">
        Fleet
      </Link>
      <ChevronRight size={16} className="shrink-0 text-muted max-sm:hidden" aria-hidden />
      <h1 className="truncate text-title font-semibold">{name}</h1>
    </div>
  );
}

export function TopBar() {
  return (
    <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b border-line bg-raised px-4">
      <div className="min-w-0 flex-1">
        <Title />
      </div>
      <ConnectionLight />
      <ThemeMenu />
      <UserMenu />
    </header>
  );
}
