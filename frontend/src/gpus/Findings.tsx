/** What is to be known about a card or a node, the worst first, and what to do about it. */
import type { Gpu } from '../api/types';
import { healthLooks } from './looks';

export function Findings({ findings, label = 'Findings' }: { findings: Gpu['findings']; label?: string }) {
  if (findings.length === 0) return null;
  return (
    <ul aria-label={label} className="flex flex-col gap-1 text-sm">
      {findings.map((finding, place) => {
        const { icon: Icon, text, word } = healthLooks[finding.severity];
        return (
          <li key={`${finding.code} ${place}`} className="flex items-start gap-2">
            <Icon size={16} className={`mt-0.5 shrink-0 ${text}`} aria-hidden />
            <span className="min-w-0 break-words">
              <span className="sr-only">{word}: </span>
              {finding.words}
              {finding.do && <span className="block text-muted">{finding.do}</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
