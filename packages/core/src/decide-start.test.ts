import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/decide-start.json' with { type: 'json' };
import { startCase } from '../test/arbitraries.ts';
import { readNamed, readResolution, readSay, sessionsOf } from '../test/model-vectors.ts';
import { type Row, readSection, type Scalar } from '../test/row.ts';
import { decideStart, type StartDecision } from './decide-start.ts';
import type { ModelIdentity, ModelResolution } from './model-identity.ts';
import { DEFAULT_MODEL_POLICY } from './model-policy.ts';
import { SESSION_STATUSES } from './session-lifecycle.ts';
import { isShown, type LiveSession, type SlotState } from './slot.ts';

const modelNamed = readNamed(vectors, 'models', readResolution);
const sessions = sessionsOf(vectors);
const GENERATION = sessions.generationOf(3);

function identityOf(model: ModelResolution): ModelIdentity {
  if (model.kind === 'missing') throw new TypeError('a live session needs an identity');
  return model.identity;
}

function readLive(row: Row): LiveSession {
  const live: LiveSession = {
    id: sessions.idOf('A'),
    generation: GENERATION,
    identity: identityOf(modelNamed(row.text('model'))),
    status: row.has('status') ? row.oneOf('status', SESSION_STATUSES) : 'ready',
    guarded: row.has('guarded') ? row.flag('guarded') : true,
    modelMissing: row.has('modelMissing') ? row.flag('modelMissing') : false,
  };
  row.done();
  return live;
}

const readCase = (row: Row) => {
  const live = row.take('live') === null ? null : readLive(row.row('live'));
  const slot: SlotState = { version: 7, generation: GENERATION, live };
  const model = modelNamed(row.text('asked'));
  const request = { model, say: readSay(row, sessions), guarded: row.flag('guarded') };
  return { because: row.text('because'), slot, request, expected: row.row('expect').flat() };
};

/** Converts a decision to the form used in the vectors. */
function inWords(decision: StartDecision): Record<string, Scalar> {
  switch (decision.kind) {
    case 'create':
      return { kind: decision.kind, beside: decision.beside };
    case 'existing': {
      const { kind, comparison, takesOn } = decision;
      return { kind, verdict: comparison.verdict, ...(takesOn !== null && { takesOn: true }) };
    }
    case 'replace':
      return { kind: decision.kind, verdict: decision.comparison.verdict };
    case 'ask':
      return { kind: decision.kind, question: decision.question, verdict: decision.comparison.verdict };
    case 'refuse':
      return decision.code === 'model_missing'
        ? { kind: decision.kind, code: decision.code, why: decision.why }
        : {
            kind: decision.kind,
            code: decision.code,
            question: decision.question,
            verdict: decision.comparison.verdict,
          };
    default:
      return decision satisfies never;
  }
}

describe.each(['valid', 'invalid'])('decideStart: %s cases', (section) => {
  test.each(readSection(vectors, section, readCase))('$because', ({ slot, request, expected }) => {
    const decision = decideStart(slot, request, DEFAULT_MODEL_POLICY);
    expect(inWords(decision)).toEqual(expected);
    expect(decision.kind === 'refuse').toBe(section === 'invalid');
    // A new session gets the requested model, and a decision returns the live session unchanged.
    if ('identity' in decision) expect({ kind: 'resolved', identity: decision.identity }).toEqual(request.model);
    if ('live' in decision) expect(decision.live).toBe(slot.live);
  });
});

describe('decideStart, for any slot and request', () => {
  const KINDS = ['create', 'existing', 'ask', 'replace', 'refuse'];

  test('always returns one of the five decisions', () => {
    fc.assert(
      fc.property(startCase, ({ slot, request, policy }) => {
        expect(KINDS).toContain(decideStart(slot, request, policy).kind);
      }),
    );
  });

  test('an outdated confirmation gets the question that a start without one gets, and its answer then replaces', () => {
    fc.assert(
      fc.property(startCase, ({ slot, request, policy }) => {
        const refused = decideStart(slot, request, policy);
        if (refused.kind !== 'refuse' || refused.code !== 'session_moved_on') return;
        const { live, question, comparison } = refused;
        const unsaid = decideStart(slot, { ...request, say: { kind: 'nothing' } }, policy);
        if (unsaid.kind === 'ask') expect(unsaid).toEqual({ kind: 'ask', live, question, comparison });
        const shown = { sessionId: live.id, generation: live.generation };
        expect(decideStart(slot, { ...request, say: { kind: 'replace', shown } }, policy)).toMatchObject({
          kind: 'replace',
        });
      }),
    );
  });

  test('an unguarded caller always creates a session, unless the model is missing', () => {
    fc.assert(
      fc.property(startCase, ({ slot, request, policy }) => {
        const decision = decideStart(slot, { ...request, guarded: false }, policy);
        expect(decision.kind).toBe(request.model.kind === 'missing' ? 'refuse' : 'create');
      }),
    );
  });

  test('a guarded caller never creates a second session beside a live one', () => {
    fc.assert(
      fc.property(startCase, ({ slot, request, policy }) => {
        fc.pre(slot.live !== null);
        expect(decideStart(slot, { ...request, guarded: true }, policy).kind).not.toBe('create');
      }),
    );
  });

  test('only a confirmation that names the live session replaces it', () => {
    fc.assert(
      fc.property(startCase, ({ slot, request, policy }) => {
        const decision = decideStart(slot, request, policy);
        fc.pre(decision.kind === 'replace');
        const { say } = request;
        expect(slot.live !== null && say.kind === 'replace' && isShown(slot.live, say.shown)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('a request with a changed model never returns the existing session', () => {
    fc.assert(
      fc.property(startCase, ({ slot, request, policy }) => {
        const decision = decideStart(slot, request, policy);
        if (decision.kind === 'existing') expect(decision.comparison.verdict).not.toBe('changed');
      }),
    );
  });

  test('a session whose model was deleted is never returned as existing', () => {
    fc.assert(
      fc.property(startCase, ({ slot, request, policy }) => {
        fc.pre(slot.live?.modelMissing === true);
        expect(decideStart(slot, request, policy).kind).not.toBe('existing');
      }),
    );
  });
});
