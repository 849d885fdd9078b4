/** The question and its frame: PromQL, range or instant, time, step and clusters. */
import { useNavigate } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { lazy, Suspense, useId, useState } from 'react';

import type { Cluster } from '../api/types';
import { Button } from '../ui/Button';
import { cx } from '../ui/classes';
import { field } from '../ui/Menu';
import type { Explore } from './address';
import { ClusterPicker } from './ClusterPicker';
import { ModeSwitch } from './ModeSwitch';
import { stepWords } from './step';
import { InstantPicker, RangePicker } from './TimePicker';
import { spanOf } from './span';

const PromQLBox = lazy(() => import('./PromQLBox'));

interface QueryBarProps {
  explore: Explore;
  fleet: readonly Cluster[];
  /** What is wrong with the question as it was asked. */
  refusal: string | null;
  busy: boolean;
  /** The same question once more, at the present time. */
  onAgain: () => void;
}

interface Draft {
  q: string;
  step: string;
}

const draftOf = ({ q = '', step = '' }: Explore): Draft => ({ q, step });

/** What is typed, begun anew whenever the address changes by other means, such as Back. */
function useDraft(explore: Explore) {
  const [seen, setSeen] = useState(explore);
  const [draft, setDraft] = useState(() => draftOf(explore));
  if (seen.q !== explore.q || seen.step !== explore.step) {
    setSeen(explore);
    setDraft(draftOf(explore));
  }
  return [draft, setDraft] as const;
}

function StepField({ draft, explore, onChange }: { draft: Draft; explore: Explore; onChange: (step: string) => void }) {
  const id = useId();
  const span = spanOf({ ...explore, step: draft.step || undefined } as Explore, 1e9);
  return (
    <div className="flex items-center gap-2">
      <label htmlFor={id} className="text-sm text-muted">
        Step
      </label>
      <input
        id={id}
        className={cx(field, 'w-28 font-mono')}
        placeholder={typeof span === 'string' ? 'auto' : `auto (${stepWords(span.step)})`}
        value={draft.step}
        onChange={({ target }) => {
          onChange(target.value);
        }}
      />
    </div>
  );
}

interface QuestionProps {
  q: string;
  refusal: string | null;
  busy: boolean;
  onChange: (q: string) => void;
  onRun: () => void;
}

function Question({ q, refusal, busy, onChange, onRun }: QuestionProps) {
  const errorId = useId();
  return (
    <div className="flex items-start gap-2 max-sm:flex-col">
      <div className="w-full min-w-0 flex-1">
        <Suspense fallback={<div className="h-9 rounded-md border border-line-strong" />}>
          <PromQLBox value={q} onChange={onChange} onRun={onRun} errorId={refusal === null ? undefined : errorId} />
        </Suspense>
        {refusal !== null && (
          <p id={errorId} role="alert" className="mt-1 text-sm break-words text-bad">
            {refusal}
          </p>
        )}
      </div>
      <Button type="submit" tone="primary" className="h-9 max-sm:w-full" title="Ctrl or Cmd and Enter" disabled={q.trim() === ''}>
        <Play size={16} aria-hidden />
        {busy ? 'Asking' : 'Run'}
      </Button>
    </div>
  );
}

export function QueryBar({ explore, fleet, refusal, busy, onAgain }: QueryBarProps) {
  const navigate = useNavigate({ from: '/explore' });
  const [draft, setDraft] = useDraft(explore);
  const change = (changes: Partial<Explore>) => void navigate({ search: { ...explore, ...changes } });
  const edit = (changes: Partial<Draft>) => {
    setDraft({ ...draft, ...changes });
  };
  const run = () => {
    const [q, step] = [draft.q.trim(), draft.step.trim()];
    if (q === '') return;
    if (q === explore.q && step === (explore.step ?? '')) onAgain();
    else change({ q, step });
  };
  const instant = explore.mode === 'instant';
  return (
    <form
      aria-label="Question"
      className="flex flex-col gap-3 rounded-lg border border-line bg-raised p-3"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <Question q={draft.q} refusal={refusal} busy={busy} onChange={(q) => { edit({ q }); }} onRun={run} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <ModeSwitch instant={instant} onChange={(chosen) => { change({ mode: chosen ? 'instant' : undefined }); }} />
        {instant && <InstantPicker at={explore.at} onChange={change} />}
        {!instant && <RangePicker from={explore.from} to={explore.to} onChange={change} />}
        {!instant && <StepField draft={draft} explore={explore} onChange={(step) => { edit({ step }); }} />}
        <ClusterPicker fleet={fleet} chosen={explore.clusters} onChange={change} />
      </div>
    </form>
  );
}
