/** What the alert says of itself. Others wrote it: it is shown as plain text, and only web addresses are links. */
import { BookOpen, ChartLine, ExternalLink, type LucideIcon } from 'lucide-react';

import type { AlertDetail } from '../../api/types';
import { ButtonLink } from '../../ui/Button';
import { pieces, webAddress } from './links';

function Plain({ text }: { text: string }) {
  return (
    <span className="break-words whitespace-pre-wrap">
      {pieces(text).map(({ text: piece, href }, index) =>
        href === null ? (
          piece
        ) : (
          <a key={index} href={href} target="_blank" rel="noopener noreferrer" className="break-all text-accent underline">
            {piece}
          </a>
        ),
      )}
    </span>
  );
}

function Door({ text, icon: Icon, words }: { text: string | undefined; icon: LucideIcon; words: string }) {
  const href = webAddress(text ?? '');
  if (href === null) return null;
  return (
    <ButtonLink href={href} target="_blank" rel="noopener noreferrer">
      <Icon size={16} aria-hidden /> {words} <ExternalLink size={14} className="text-muted" aria-hidden />
      <span className="sr-only">(in a new tab)</span>
    </ButtonLink>
  );
}

export function Texts({ alert }: { alert: AlertDetail }) {
  const { runbook_url, dashboard_url, ...told } = alert.annotations;
  const texts = Object.entries(told);
  return (
    <section aria-label="What it says" className="flex flex-col gap-3">
      {texts.length > 0 && (
        <dl className="flex flex-col gap-2">
          {texts.map(([name, text]) => (
            <div key={name}>
              <dt className="text-xs text-muted">{name}</dt>
              <dd>
                <Plain text={text} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <div className="flex flex-wrap gap-2 empty:hidden">
        <Door text={runbook_url} icon={BookOpen} words="Runbook" />
        <Door text={dashboard_url} icon={ChartLine} words="Dashboard" />
        <Door text={alert.generator_url} icon={ChartLine} words="Its expression" />
      </div>
    </section>
  );
}
