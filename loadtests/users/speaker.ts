import type { Problem } from '@phaselock/contract';
import { check } from 'k6';
import exec from 'k6/execution';
import type { Sending } from '../../chaos/clients/speaker.ts';
import type { Told } from '../../chaos/history/operation.ts';
import type { Arm, Call, OperationName } from '../journal/journal-line.ts';
import { tookWhatIsStale } from '../journal/took-what-is-stale.ts';
import type { DescribedOperations } from './described-operations.ts';
import { createHttpClient } from './http-client.ts';
import type { LoadMetrics } from './load-metrics.ts';
import { nameOfAnswer } from './name-of-answer.ts';
import { Lost, Refused } from './refused.ts';
import type { Settings } from './settings.ts';
import { writeJournal } from './write-journal.ts';

/** An operation of a client of chaos, with the name that reports give it. */
export type NamedSending = Sending & { readonly name: OperationName };

export type Said =
  | { readonly outcome: 'ok'; readonly told: Told }
  | {
      readonly outcome: 'refused' | 'unknown';
      readonly code: string;
      readonly problem: Problem | undefined;
      readonly retryAfterMs: number | undefined;
    };

/** Sends one operation to one of the addresses, and writes down what was asked and told. */
export type Speaker = {
  say(sending: NamedSending): Promise<Said>;
  /** Another address than the one used last. */
  turnAway(): void;
};

export type SpeakerOptions = {
  readonly arm: Arm;
  readonly settings: Settings;
  readonly operations: DescribedOperations;
  readonly metrics: LoadMetrics;
  /** The number of a call within its user; one count for all that a user does. */
  readonly nextCall: () => number;
};

/** So many calls one user may make before its numbers are those of the next. */
const CALLS_OF_A_USER = 1e7;

const now = (): number => exec.instance.currentTestRunDuration;

export function createSpeaker({ arm, settings, operations, metrics, nextCall }: SpeakerOptions): Speaker {
  const { urls, key, namesUsers } = settings;
  const strange: string[] = [];
  const clients = urls.map((url) =>
    createHttpClient({
      url,
      key,
      operations,
      strange: (what) => strange.push(what),
      onBehalfOf: namesUsers ? () => `user-${exec.vu.idInTest}` : undefined,
    }),
  );
  let turns = 0;

  const finished = (call: Call): void => {
    writeJournal(call);
    metrics.note(call);
    check(call, { 'an answer is as the document says': ({ malformed }) => malformed === undefined });
    if (call.name === 'stale-turn' || call.name === 'stale-replace')
      check(call, { 'what is stale is refused': (one) => !tookWhatIsStale(one) });
  };

  const say = async ({ name, ...sending }: NamedSending): Promise<Said> => {
    const { kind, route: _, send, asked = {}, ...named } = sending;
    const user = exec.vu.idInTest;
    const api = (user + turns) % clients.length;
    const client = clients[api];
    if (client === undefined) throw new Error('no address to speak to');
    strange.length = 0;
    const at = now();
    const base = { is: 'operation', arm, n: user * CALLS_OF_A_USER + nextCall(), client: user, api, kind } as const;
    try {
      const told = await send(client);
      const [malformed] = strange;
      finished({
        ...base,
        ...named,
        name: nameOfAnswer(name, true, undefined),
        at,
        until: now(),
        asked,
        outcome: 'ok',
        told,
        ...(malformed !== undefined && { malformed }),
      });
      return { outcome: 'ok', told };
    } catch (error) {
      const ended = endOf(error);
      const { outcome, code, status, problem, malformed } = ended;
      const told = problem?.session && { session: problem.session.id, generation: problem.session.generation };
      finished({
        ...base,
        ...named,
        name: nameOfAnswer(name, false, code),
        at,
        until: now(),
        asked,
        outcome,
        code,
        ...(status !== undefined && { status }),
        ...(told && { told }),
        ...(malformed !== undefined && { malformed }),
      });
      return ended;
    }
  };
  return {
    say,
    turnAway: () => {
      turns += 1;
    },
  };
}

type Unanswered = Exclude<Said, { outcome: 'ok' }> & {
  readonly status: number | undefined;
  readonly malformed: string | undefined;
};

/** A 5xx does not say whether anything was done, whatever its code. */
function endOf(error: unknown): Unanswered {
  if (error instanceof Refused) {
    const { status, code, problem, retryAfterMs, malformed } = error;
    return { outcome: status >= 500 ? 'unknown' : 'refused', status, code, problem, retryAfterMs, malformed };
  }
  // What is neither a refusal nor a lost answer is a mistake of this program, and ends the iteration.
  if (!(error instanceof Lost)) throw error;
  const nothing = { status: undefined, problem: undefined, retryAfterMs: undefined, malformed: undefined };
  return { outcome: 'unknown', code: error.message, ...nothing };
}
