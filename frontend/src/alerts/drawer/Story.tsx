/** What happened, the newest first: the times it fired, and what people did and said. */
import { CircleCheck, CircleDashed, Flame, MessageSquare, UserCheck, UserMinus, UserPlus, BellOff, type LucideIcon } from 'lucide-react';
import { useState } from 'react';

import { useComment } from '../../api/alerts';
import type { AlertDetail } from '../../api/types';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/classes';
import { absolute, clockTime, now } from '../../ui/clock';
import { field } from '../../ui/Menu';
import { FailureNote } from '../../ui/Notice';
import { lasted } from '../words';

type Deed = AlertDetail['story'][number]['deed'];

const deeds: Record<Deed, { words: string; icon: LucideIcon }> = {
  COMMENTED: { words: 'said', icon: MessageSquare },
  ACKNOWLEDGED: { words: 'acknowledged it', icon: UserCheck },
  RELEASED: { words: 'released it', icon: UserMinus },
  ASSIGNED: { words: 'assigned it', icon: UserPlus },
  SILENCED: { words: 'silenced it', icon: BellOff },
};

interface Happening {
  at: string;
  icon: LucideIcon;
  tone: string;
  words: string;
  text: string;
}

/** Pure: the story and the times it fired as one row of happenings, the newest first. */
export function happeningsOf({ story, times }: Pick<AlertDetail, 'story' | 'times'>): Happening[] {
  const done = story.map(({ at, author, deed, text }) => ({
    at,
    icon: deeds[deed].icon,
    tone: 'text-muted',
    words: author === null ? `It was ${{ COMMENTED: 'commented', ACKNOWLEDGED: 'acknowledged', RELEASED: 'released', ASSIGNED: 'assigned', SILENCED: 'silenced' }[deed]}` : `${author} ${deeds[deed].words}`,
    text,
  }));
  const fired = times.map(({ state, starts_at }) =>
    state === 'PENDING'
      ? { at: starts_at, icon: CircleDashed, tone: 'text-idle', words: 'Pending', text: '' }
      : { at: starts_at, icon: Flame, tone: 'text-bad', words: 'Fired', text: '' },
  );
  const over = times.flatMap(({ starts_at, ends_at }) =>
    ends_at === null ? [] : [{ at: ends_at, icon: CircleCheck, tone: 'text-ok', words: `Resolved after ${lasted(starts_at, ends_at, 0)}`, text: '' }],
  );
  return [...done, ...fired, ...over].toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at));
}

function Comment({ alert }: { alert: AlertDetail }) {
  const [text, setText] = useState('');
  const { mutate, isPending, error } = useComment();
  return (
    <form
      aria-label="Comment"
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === '' || isPending) return;
        mutate({ id: alert.id, text: text.trim() }, { onSuccess: () => { setText(''); } });
      }}
    >
      <div className="flex items-start gap-2">
        <textarea aria-label="Comment" rows={2} placeholder="Comment" className={cx(field, 'h-auto py-1')} value={text} onChange={({ target }) => { setText(target.value); }} />
        <Button type="submit" aria-disabled={isPending || text.trim() === ''}>
          Comment
        </Button>
      </div>
      {error && <FailureNote title="The comment could not be kept" error={error} />}
    </form>
  );
}

export function Story({ alert, mayWork }: { alert: AlertDetail; mayWork: boolean }) {
  return (
    <section aria-label="Story" className="flex flex-col gap-2">
      <h2 className="font-semibold">Story</h2>
      {mayWork && <Comment alert={alert} />}
      <ol className="flex flex-col">
        {happeningsOf(alert).map(({ at, icon: Icon, tone, words, text }, index) => (
          <li key={index} className="flex gap-2 border-l border-line py-1 pl-3 text-sm">
            <Icon size={14} className={cx('mt-0.5 shrink-0', tone)} aria-hidden />
            <div className="min-w-0 flex-1">
              <span>{words}</span>
              {text && <p className="break-words whitespace-pre-wrap text-muted">{text}</p>}
            </div>
            <time dateTime={at} title={absolute(at)} className="num shrink-0 text-xs text-muted">
              {clockTime(at, now())}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}
