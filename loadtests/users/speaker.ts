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

/** A prepared request, as the fault campaign (chaos/) also uses them, with its operation name in reports. */
export type NamedSending = Sending & { readonly name: OperationName };

/** The outcome of a sent request. */
export type Said =
  | { readonly outcome: 'ok'; readonly told: Told }
  | {
      readonly outcome: 'refused' | 'unknown';
      readonly code: string;
      readonly problem: Problem | undefined;
      readonly retryAfterMs: number | undefined;
    };

/** Sends requests to one of the addresses, and records each request and response in the journal. */
export type Speaker = {
  say(sending: NamedSending): Promise<Said>;
  /** Switches to the next address. */
  turnAway(): void;
};

export type SpeakerOptions = {
  readonly arm: Arm;
  readonly settings: Settings;
  readonly operations: DescribedOperations;
  readonly metrics: LoadMetrics;
  /** Returns the number of the next call of this k6 user, across all of its speakers. */
  readonly nextCall: () => number;
};

/** Size of the number range of each user; a user must not make more calls. */
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
    check(call, { 'the response conforms to the API document': ({ malformed }) => malformed === undefined });
    if (call.name === 'stale-turn' || call.name === 'stale-replace')
      check(call, { 'stale calls are refused': (one) => !tookWhatIsStale(one) });
  };

  const say = async ({ name, ...sending }: NamedSending): Promise<Said> => {
    const { kind, route: _, send, asked = {}, ...named } = sending;
    const user = exec.vu.idInTest;
    const api = (user + turns) % clients.length;
    const client = clients[api];
    if (client === undefined) throw new Error('no API address was given');
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

/** After a 5xx it is unknown whether the request took effect, whatever its code. */
function endOf(error: unknown): Unanswered {
  if (error instanceof Refused) {
    const { status, code, problem, retryAfterMs, malformed } = error;
    return { outcome: status >= 500 ? 'unknown' : 'refused', status, code, problem, retryAfterMs, malformed };
  }
  // Any other error is a defect of this script, and ends the iteration.
  if (!(error instanceof Lost)) throw error;
  const nothing = { status: undefined, problem: undefined, retryAfterMs: undefined, malformed: undefined };
  return { outcome: 'unknown', code: error.message, ...nothing };
}
