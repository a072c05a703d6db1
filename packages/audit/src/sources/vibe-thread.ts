import type { ForeignTime } from './foreign-time.ts';
import type { NeutralProcess, Oddity } from './neutral-history.ts';
import type { VibeHeard } from './vibe-logs.ts';

/** A process as its rows and its logs record it, before it is seen among the others of its thread. */
export type VibeProcess = {
  readonly process: Omit<NeutralProcess, 'nth' | 'started_at' | 'invalidated' | 'invalidated_by' | 'fresh_because'>;
  readonly heard: VibeHeard;
  /** Whether its row has an id. */
  readonly stored: boolean;
  readonly created: string;
  readonly time: ForeignTime | undefined;
  /** The order of the rows, for equal times. */
  readonly place: number;
};

/** The processes of all threads that reported an id. */
type Tellers = (id: string) => readonly VibeProcess[];

/** The processes of one thread in order, each judged together with those before and after it. */
export function threadOf(own: readonly VibeProcess[], tellers: Tellers): NeutralProcess[] {
  const sorted = inOrder(own);
  return sorted.map(({ process, stored, time, created }, index) => {
    const earlier = sorted.slice(0, index);
    const refuser = sorted.findIndex(
      (one, at) => at > index && one.heard.refused && one.process.passed === process.told,
    );
    return {
      ...process,
      nth: index + 1,
      started_at: time?.sortable ?? created,
      doubt: process.doubt ?? doubtIn(process, earlier, tellers),
      // An id that only the log has was erased, or never stored.
      invalidated: process.told !== null && (!stored || refuser >= 0) ? 'yes' : 'no',
      invalidated_by: refuser < 0 ? null : refuser + 1,
      fresh_because: freshBecause(process, earlier),
    };
  });
}

/** Reports times that cannot be read, and neighbours whose times have different formats. */
export function timeOddities(own: readonly VibeProcess[]): Oddity[] {
  const sorted = inOrder(own);
  return sorted.flatMap(({ process, time, created }, index) => {
    const before = sorted[index - 1];
    const { id, task_id, attempt_id, session_id } = process;
    const odd = (message: string): Oddity[] => [
      { rule: 'SV304', kind: 'process', id, task_id, attempt_id, session_id, message },
    ];
    if (time === undefined) return odd(`its time cannot be read: ${created}`);
    if (before?.time !== undefined && before.time.form !== time.form)
      return odd(`its time is written as ${created}, that of the previous process as ${before.created}`);
    return [];
  });
}

/** By parsed time, and equal times by row order. */
const inOrder = (own: readonly VibeProcess[]): VibeProcess[] =>
  own.toSorted((a, b) => compareTexts(a.time?.sortable ?? '', b.time?.sortable ?? '') || a.place - b.place);

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * vibe-kanban erases an id when the agent no longer knows it, and on request all ids of failed processes. So an id that
 * no process has may have been correct, if an earlier process has none. The id of another thread is never correct.
 */
function doubtIn(
  { passed, thread }: VibeProcess['process'],
  earlier: readonly VibeProcess[],
  tellers: Tellers,
): string | null {
  if (passed === null || earlier.some(({ process }) => process.told === passed)) return null;
  if (tellers(passed).some(({ process }) => process.thread !== thread)) return null;
  return earlier.some(({ process }) => process.told === null)
    ? `${passed} was passed, which no process has; an earlier process has no id, so it may have been erased there`
    : null;
}

/**
 * Why a fresh conversation is correct here whatever the model of the latest id. Dropping a process drops all later
 * ones: earlier processes were dropped before this one started, unless this one was dropped too.
 */
function freshBecause(own: VibeProcess['process'], earlier: readonly VibeProcess[]): string | null {
  if (earlier.length === 0) return null;
  if (earlier.every(({ process }) => process.dropped === 'yes')) return 'every earlier process was dropped';
  if (own.dropped === 'yes' && earlier.some(({ process }) => process.dropped === 'yes' && isOtherModel(process, own)))
    return 'it was dropped, perhaps together with an earlier process of another model';
  for (const { process, heard } of earlier.toReversed()) {
    if (heard.refused) return `the agent no longer knew ${process.passed}`;
    if (process.told !== null && process.dropped === 'no') return null;
  }
  return null;
}

const isOtherModel = (one: VibeProcess['process'], other: VibeProcess['process']): boolean =>
  one.told !== null && (one.agent !== other.agent || one.variant !== other.variant || one.model !== other.model);
