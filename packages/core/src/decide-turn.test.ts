import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/decide-turn.json' with { type: 'json' };
import { turnCase } from '../test/arbitraries.ts';
import { readNamed, readResolution, readSay, sessionsOf } from '../test/model-vectors.ts';
import { must, type Row, readSection, type Scalar } from '../test/row.ts';
import { compareModels } from './compare-models.ts';
import { decideTurn, type TurnDecision } from './decide-turn.ts';
import { type AgentSessionId, parseAgentSessionId, parseProcessId } from './ids.ts';
import type { ModelIdentity, ModelResolution } from './model-identity.ts';
import { DEFAULT_MODEL_POLICY } from './model-policy.ts';
import { SESSION_STATUSES } from './session-lifecycle.ts';
import { isShown } from './slot.ts';
import type { PastProcess, TurnRequest, TurnSession } from './turn.ts';

const modelNamed = readNamed(vectors, 'models', readResolution);
const sessions = sessionsOf(vectors);

function identityNamed(name: string): ModelIdentity {
  const model: ModelResolution = modelNamed(name);
  if (model.kind === 'missing') throw new TypeError(`${name} has no identity`);
  return model.identity;
}

const flagOr = (row: Row, name: string): boolean => (row.has(name) ? row.flag(name) : false);

function idOr(row: Row, name: string): AgentSessionId | null {
  const text = row.has(name) ? row.textOrNull(name) : null;
  return text === null ? null : must(parseAgentSessionId(text), text);
}

function readSession(row: Row): TurnSession {
  const session: TurnSession = {
    id: sessions.idOf('A'),
    generation: sessions.generationOf(3),
    identity: identityNamed(row.text('model')),
    status: row.has('status') ? row.oneOf('status', SESSION_STATUSES) : 'ready',
    deleted: flagOr(row, 'deleted'),
    modelMissing: flagOr(row, 'modelMissing'),
    over: flagOr(row, 'over'),
    keptThrough: row.has('keptThrough') ? row.numberOrNull('keptThrough') : null,
    takenUp: idOr(row, 'takenUp'),
    leaseHeld: flagOr(row, 'leaseHeld'),
    predecessorStopsInMs: row.has('predecessorStopsInMs') ? row.number('predecessorStopsInMs') : 0,
  };
  row.done();
  return session;
}

function readPast(row: Row, at: number): PastProcess {
  const past: PastProcess = {
    id: must(parseProcessId(`01980000-0000-7000-8000-${String(at).padStart(12, '0')}`), 'process'),
    place: row.has('place') ? row.oneOf('place', ['here', 'left', 'elsewhere']) : 'here',
    seq: row.has('seq') ? row.number('seq') : at + 1,
    identity: identityNamed(row.text('model')),
    agentSessionId: idOr(row, 'id'),
    dropped: flagOr(row, 'dropped'),
    invalidated: flagOr(row, 'invalidated'),
  };
  row.done();
  return past;
}

const readCase = (row: Row) => {
  const request: TurnRequest = {
    model: modelNamed(row.text('asked')),
    say: readSay(row, sessions),
    onModelChange: row.has('onModelChange') ? row.oneOf('onModelChange', ['ask', 'replace']) : 'ask',
    skipContext: flagOr(row, 'skipContext'),
    preRetryId: idOr(row, 'preRetryId'),
    lostId: idOr(row, 'lostId'),
  };
  return {
    because: row.text('because'),
    session: readSession(row.row('session')),
    history: row.rows('history').map(readPast),
    request,
    expected: row.row('expect').flat(),
  };
};

/** Converts a decision to the form used in the vectors. */
function inWords(decision: TurnDecision): Record<string, Scalar> {
  switch (decision.kind) {
    case 'initial':
      return { kind: decision.kind, reason: decision.reason, ...(decision.takesOn && { takesOn: true }) };
    case 'follow-up': {
      const { kind, reason, passedSessionId, comparison, takesOn } = decision;
      return { kind, reason, passedSessionId, verdict: comparison.verdict, ...(takesOn && { takesOn }) };
    }
    case 'fresh': {
      const { kind, reason, comparison, resumes } = decision;
      return { kind, reason, verdict: comparison.verdict, ...(resumes !== null && { resumes }) };
    }
    case 'ask':
      return { kind: decision.kind, question: decision.question, verdict: decision.comparison.verdict };
    case 'refuse': {
      if (decision.code !== 'session_moved_on') return { ...decision };
      const { asks, ...refusal } = decision;
      return { ...refusal, ...(asks && { question: asks.question, verdict: asks.comparison.verdict }) };
    }
    default:
      return decision satisfies never;
  }
}

/** The agent session id that a decision passes to the agent. */
function passedBy(decision: TurnDecision): AgentSessionId | null {
  if (decision.kind === 'follow-up') return decision.passedSessionId;
  return decision.kind === 'fresh' ? decision.resumes : null;
}

describe.each(['valid', 'invalid'])('decideTurn: %s cases', (section) => {
  test.each(readSection(vectors, section, readCase))('$because', ({ session, history, request, expected }) => {
    const decision = decideTurn(session, history, request, DEFAULT_MODEL_POLICY);
    expect(inWords(decision)).toEqual(expected);
    expect(decision.kind === 'refuse').toBe(section === 'invalid');
    if ('identity' in decision) expect({ kind: 'resolved', identity: decision.identity }).toEqual(request.model);
  });
});

describe('decideTurn, for any session, history and request', () => {
  const KINDS = ['initial', 'follow-up', 'fresh', 'ask', 'refuse'];
  type Case = typeof turnCase extends fc.Arbitrary<infer One> ? One : never;
  const decide = ({ session, history, request, policy }: Case): TurnDecision =>
    decideTurn(session, history, request, policy);
  const always = (check: (one: Case, decision: TurnDecision) => void): void =>
    fc.assert(
      fc.property(turnCase, (one) => check(one, decide(one))),
      { numRuns: 500 },
    );

  test('always returns one of the five decisions', () => {
    always((_, decision) => {
      expect(KINDS).toContain(decision.kind);
    });
  });

  test('an agent session id is never passed to a changed model', () => {
    always(({ session, history, request, policy }, decision) => {
      const passed = passedBy(decision);
      if (passed === null || !('comparison' in decision)) return;
      expect(decision.comparison.verdict).not.toBe('changed');
      const all = history.filter(({ agentSessionId }) => agentSessionId === passed);
      const own = all.filter(({ place }) => place === 'here');
      const speakers = own.length > 0 ? own : all;
      const newest = speakers.findLast(({ dropped }) => !dropped) ?? speakers.at(-1);
      if (newest === undefined) return;
      const kept = newest.place === 'here' && session.keptThrough !== null && newest.seq <= session.keptThrough;
      const verdicts = [newest.identity, ...(kept ? [session.identity] : [])].map((identity) => {
        const made: ModelResolution = { kind: 'resolved', identity };
        return compareModels(made, request.model, policy).verdict;
      });
      expect(verdicts.some((verdict) => verdict !== 'changed')).toBe(true);
    });
  });

  test('an agent session id is passed to another model only if the caller says "keep"', () => {
    always(({ request }, decision) => {
      if (passedBy(decision) !== null && 'comparison' in decision && request.say.kind !== 'keep') {
        expect(decision.comparison.verdict).toBe('same');
      }
    });
  });

  test('a lost or invalidated agent session id is never passed on', () => {
    always(({ history, request }, decision) => {
      const passed = passedBy(decision);
      if (passed === null) return;
      expect(passed).not.toBe(request.lostId);
      const gone = history.filter(({ invalidated }) => invalidated).map(({ agentSessionId }) => agentSessionId);
      expect(gone).not.toContain(passed);
    });
  });

  test('a follow-up in a session with processes resumes only the session’s own conversation', () => {
    always(({ history, session }, decision) => {
      if (decision.kind !== 'follow-up') return;
      const own = history.filter(({ place }) => place === 'here');
      // A conversation taken up by a retry counts as the session's own until a kept process reports an id.
      const hasTold = own.some(({ agentSessionId, dropped }) => agentSessionId !== null && !dropped);
      const ids = [...own.map(({ agentSessionId }) => agentSessionId), ...(hasTold ? [] : [session.takenUp])];
      if (own.length > 0) expect(ids).toContain(decision.passedSessionId);
    });
  });

  test('only the first process of a session is initial', () => {
    always(({ history }, decision) => {
      if (decision.kind === 'initial') expect(history.filter(({ place }) => place === 'here')).toEqual([]);
    });
  });

  test('a confirmation that names another session is refused', () => {
    always(({ session, request }, decision) => {
      if (request.say.kind === 'replace' && !isShown(session, request.say.shown)) expect(decision.kind).toBe('refuse');
    });
  });

  test('a fresh start for a changed model needs consent, skip-context or a lost conversation', () => {
    always(({ request, history }, decision) => {
      if (decision.kind !== 'fresh' || decision.reason !== 'model-changed') return;
      const lost = request.lostId !== null || history.some(({ invalidated }) => invalidated);
      const said = request.say.kind === 'replace' || request.onModelChange === 'replace' || request.skipContext;
      expect(said || lost).toBe(true);
    });
  });

  test('a turn is refused if the session is deleted, over, running or waits for its predecessor', () => {
    always(({ session }, decision) => {
      if (session.deleted || session.over || session.leaseHeld || session.predecessorStopsInMs > 0)
        expect(decision.kind).toBe('refuse');
    });
  });

  test('the order of the history does not affect the decision', () => {
    always((one, decision) => {
      expect(decide({ ...one, history: one.history.toReversed() })).toEqual(decision);
    });
  });

  test('the reduced history described at findConversation gives the same decision', () => {
    always((one, decision) => {
      const { history, request, session } = one;
      const invalid = new Set(
        history.filter(({ invalidated }) => invalidated).map(({ agentSessionId }) => agentSessionId),
      );
      const own = history.filter(({ place }) => place === 'here');
      const kept = own.filter(({ dropped }) => !dropped);
      const withId = kept.filter(({ agentSessionId }) => agentSessionId !== null);
      const newest = new Set([own, kept, withId].map((list) => list.at(-1)));
      const isNamed = (id: AgentSessionId | null): boolean =>
        id !== null && (id === request.preRetryId || id === session.takenUp);
      const enough = history.filter((past) => newest.has(past) || isNamed(past.agentSessionId));
      const marked = enough.map((past) => ({ ...past, invalidated: invalid.has(past.agentSessionId) }));
      expect(decide({ ...one, history: marked })).toEqual(decision);
    });
  });
});
