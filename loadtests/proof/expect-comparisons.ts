import type { CheckedRule } from '../../chaos/check-history.ts';
import type { Call } from '../journal/journal-line.ts';
import { comparedBy, type KeptPromise, NOTHING_STALE } from './promises.ts';

/** Counts of acknowledged calls, which determine what the checkers must have compared. */
export type Acknowledged = {
  readonly note: (call: Call) => void;
  readonly of: (what: What) => number;
};

type What =
  | 'starts'
  | 'replacements'
  | 'turns'
  | 'finishes'
  | 'usages'
  | 'logs'
  | 'feedback'
  | 'deletes'
  | 'made'
  | 'stale'
  | 'changes';

export function createAcknowledged(): Acknowledged {
  const counts = new Map<What, number>();
  const count = (what: What) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const note = ({ kind, outcome, name, told, asked }: Call) => {
    if (name === 'stale-turn' || name === 'stale-replace') count('stale');
    if (outcome !== 'ok') return;
    if (kind === 'start') count('starts');
    if (kind === 'start' && told?.outcome === 'replaced') count('replacements');
    if (kind === 'turn') count('turns');
    if (kind === 'finish') count('finishes');
    if (kind === 'usage' || (kind === 'finish' && asked.usage !== undefined)) count('usages');
    if (kind === 'logs') count('logs');
    if (kind === 'feedback') count('feedback');
    if (kind === 'delete') count('deletes');
    if (kind === 'project' || kind === 'task' || kind === 'attempt') count('made');
  };
  return { note, of: (what) => counts.get(what) ?? 0 };
}

const EXPECTED: readonly (readonly [What, checker: string, what: string])[] = [
  ['starts', 'sessions', 'sessions acknowledged'],
  ['starts', 'models', 'starts by model'],
  ['starts', 'generations', 'sessions as they were told'],
  ['starts', 'linearizability', 'operations put in order'],
  ['replacements', 'sessions', 'replacements acknowledged'],
  ['turns', 'sessions', 'processes acknowledged'],
  ['turns', 'models', 'turns by model'],
  ['finishes', 'processes', 'endings'],
  ['usages', 'processes', 'usages'],
  ['logs', 'contents', 'log lines'],
  ['logs', 'fences', 'writes of processes'],
  ['feedback', 'contents', 'feedback'],
  ['deletes', 'sessions', 'deletions acknowledged'],
  ['made', 'contents', 'projects, tasks, attempts'],
];

/** Scenarios that follow change streams and must receive changes. */
const FOLLOWED: ReadonlySet<string> = new Set(['runners']);

/** Scenarios whose users never send a request for a replaced session. */
const WITHOUT_STALE: ReadonlySet<string> = new Set(['runners']);

export type Comparisons = {
  readonly scenario: string;
  readonly acknowledged: Acknowledged;
  readonly rules: readonly CheckedRule[];
  readonly promises: readonly KeptPromise[];
};

/** Reports what was done but not compared by any checker, and is therefore unproven. */
export function unshown({ scenario, acknowledged, rules, promises }: Comparisons): string[] {
  const missing = EXPECTED.flatMap(([done, checker, what]) =>
    acknowledged.of(done) > 0 && comparedBy(rules, checker, what) === 0
      ? [`nothing-compared: ${checker} compared 0 ${what}, though ${acknowledged.of(done)} ${done} were acknowledged`]
      : [],
  );
  const unkept = promises.flatMap(({ promise, compared }) => {
    // Only a replacement can make a call stale, and only a stale call can show that it is refused.
    const replacements = WITHOUT_STALE.has(scenario) ? 0 : acknowledged.of('replacements');
    const mayBeNone = promise === NOTHING_STALE && replacements + acknowledged.of('stale') === 0;
    return compared === 0 && !mayBeNone ? [`nothing-compared: nothing was compared for "${promise}"`] : [];
  });
  const unfollowed =
    FOLLOWED.has(scenario) && comparedBy(rules, 'streams', 'changes received') === 0
      ? [`nothing-compared: the scenario ${scenario} follows changes, but received none`]
      : [];
  return [...missing, ...unkept, ...unfollowed];
}
