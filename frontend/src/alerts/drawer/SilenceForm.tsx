/** One silence over one or many clusters: about what, where, how long and why, with what it would match. */
import { BellOff } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';

import { useSilence } from '../../api/silences';
import type { AlertDetail, Cluster } from '../../api/types';
import { ClusterPicker } from '../../explore/ClusterPicker';
import { listIn } from '../../fleet/named';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/classes';
import { field } from '../../ui/Menu';
import { FailureNote } from '../../ui/Notice';
import { MatcherLines } from './MatcherLines';
import { Preview } from './Preview';
import { Results } from './Results';
import { HOUR_S, linesOf, presets, wireOf } from './silencing';

function Durations({ chosen, onChange }: { chosen: number; onChange: (seconds: number) => void }) {
  return (
    <fieldset>
      <legend className="pb-1 text-xs text-muted">For</legend>
      <div className="flex flex-wrap gap-1.5">
        {presets.map(([seconds, words]) => (
          <label key={seconds} className="flex h-8 cursor-pointer items-center gap-1.5 rounded-md border border-line px-2.5 text-sm has-checked:border-accent has-checked:bg-hover">
            <input type="radio" name="duration" checked={chosen === seconds} onChange={() => { onChange(seconds); }} />
            {words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** The clusters where one may silence. */
const workable = (fleet: readonly Cluster[]): Cluster[] =>
  fleet.filter(({ enabled, permissions }) => enabled && permissions.includes('operate'));

function useDraft(alert: AlertDetail, fleet: readonly Cluster[]) {
  const [lines, setLines] = useState(() => linesOf(alert.labels));
  const [seconds, setSeconds] = useState<number>(HOUR_S);
  const [comment, setComment] = useState('');
  // Only its own Alertmanager unless somebody chooses others.
  const [names, setNames] = useState(alert.cluster_name);
  const offered = workable(fleet);
  const chosen = names === '' ? offered : offered.filter(({ name }) => listIn(names).includes(name));
  return { lines, setLines, seconds, setSeconds, comment, setComment, names, setNames, offered, ids: chosen.map(({ id }) => id) };
}

interface SilenceFormProps {
  alert: AlertDetail;
  fleet: readonly Cluster[];
  onDone: () => void;
}

export function SilenceForm({ alert, fleet, onDone }: SilenceFormProps) {
  const { lines, setLines, seconds, setSeconds, comment, setComment, names, setNames, offered, ids } = useDraft(alert, fleet);
  const { mutate, isPending, error, data } = useSilence();
  const commentId = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => { box.current?.focus(); }, []);
  const matchers = wireOf(lines);
  const submit = () => {
    if (!isPending) mutate({ cluster_ids: ids, matchers, duration_seconds: seconds, comment: comment.trim(), alert_id: alert.id });
  };
  return (
    <>
      <Results results={data?.results} onDone={onDone} />
      {!data && (
        <form
          aria-label="Silence"
          className="flex flex-col gap-3 rounded-lg border border-line p-3"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Durations chosen={seconds} onChange={setSeconds} />
          <div>
            <label htmlFor={commentId} className="block pb-1 text-xs text-muted">
              Why
            </label>
            <textarea ref={box} id={commentId} required rows={2} className={cx(field, 'h-auto py-1')} value={comment} onChange={({ target }) => { setComment(target.value); }} />
          </div>
          <div className="flex flex-col items-start gap-1">
            <span className="text-xs text-muted">Where</span>
            <ClusterPicker fleet={offered} chosen={names} onChange={({ clusters = '' }) => { setNames(clusters); }} />
          </div>
          <MatcherLines lines={lines} onChange={setLines} />
          <Preview ids={ids} matchers={matchers} fleet={offered} />
          {error && <FailureNote title="The silence could not be made" error={error} />}
          <div className="flex justify-end gap-2">
            <Button tone="quiet" data-deed="silence" onClick={onDone}>
              Cancel
            </Button>
            <Button type="submit" tone="primary" data-deed="silence" disabled={comment.trim() === '' || matchers.length === 0 || ids.length === 0}>
              <BellOff size={16} aria-hidden /> {isPending ? 'Silencing' : 'Silence'}
            </Button>
          </div>
        </form>
      )}
    </>
  );
}
