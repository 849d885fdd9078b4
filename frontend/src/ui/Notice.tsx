/** What to show when there is nothing to show: an empty place, or a failure in the server's own words. */
import { Check, Copy, OctagonX, RotateCw } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { Problem } from '../api/problem';
import { Button } from './Button';
import { cx } from './classes';

export function EmptyState({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mx-auto my-8 flex w-full max-w-160 flex-col gap-3 rounded-lg border border-line bg-raised p-6">
      <h2 className="text-base font-semibold">{title}</h2>
      {children}
    </section>
  );
}

interface FailureProps {
  /** What could not be done, such as "The fleet could not be read". */
  title: string;
  error: Error;
  onRetry?: () => void;
  className?: string;
}

export function FailureNote({ title, error, onRetry, className }: FailureProps) {
  const trace = error instanceof Problem ? error.traceId : null;
  return (
    <section role="alert" className={cx('flex gap-3 rounded-lg border border-line bg-bad-tint p-3', className)}>
      <OctagonX size={16} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1">
        <h2 className="font-semibold">{title}</h2>
        <p className="break-words">{error.message}</p>
        {trace !== null && (
          <p className="mt-1 flex flex-wrap items-center gap-1 text-sm text-muted">
            Request id <code className="font-mono break-all">{trace}</code>
            <CopyButton text={trace} what="request id" />
          </p>
        )}
      </div>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          <RotateCw size={14} aria-hidden /> Retry
        </Button>
      )}
    </section>
  );
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    window.setTimeout(setCopied, 1500, false);
  };
  // Only a secure context (https or localhost) has a clipboard.
  if (!window.isSecureContext) return null;
  return (
    <Button tone="quiet" size="icon" className="size-6" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      <span className="sr-only" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </Button>
  );
}

/** A line for the shell. */
export function Command({ text }: { text: string }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-canvas p-2">
      <code className="min-w-0 flex-1 font-mono text-xs break-words">{text}</code>
      <CopyButton text={text} what="command" />
    </div>
  );
}
