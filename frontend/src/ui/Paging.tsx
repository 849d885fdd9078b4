/** The pages of a long list, by links, so that Back goes back. */
import { Link } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight, type LucideIcon } from 'lucide-react';

function Step({ to, label, icon: Icon, possible }: { to: number; label: string; icon: LucideIcon; possible: boolean }) {
  if (!possible) return null;
  return (
    <Link
      to="."
      search={(old) => ({ ...old, page: to === 1 ? '' : String(to) })}
      aria-label={label}
      className="inline-flex size-8 items-center justify-center rounded-md border border-line bg-raised hover:bg-hover"
    >
      <Icon size={16} aria-hidden />
    </Link>
  );
}

/** The page is `page` in the address of whichever list it is. */
export function Paging({ page, pages }: { page: number; pages: number }) {
  if (pages <= 1) return null;
  return (
    <nav aria-label="Pages" className="flex items-center justify-end gap-2 p-2 text-sm">
      <Step to={page - 1} label="The page before" icon={ChevronLeft} possible={page > 1} />
      <span className="num text-muted">
        Page {page} of {pages.toLocaleString('en')}
      </span>
      <Step to={page + 1} label="The next page" icon={ChevronRight} possible={page < pages} />
    </nav>
  );
}
