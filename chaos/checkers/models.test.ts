import { expect, test } from 'vitest';
import type { Entry, Told } from '../history/operation.ts';
import { createScript, OPUS, rulesOf, SONNET, verdictOf } from '../testing/planted.ts';
import { checkModels } from './models.ts';

const rules = (entries: readonly Entry[]) => rulesOf(verdictOf(checkModels(), entries));
const INITIAL = 'CodingAgentInitialRequest';
const FOLLOW_UP = 'CodingAgentFollowUpRequest';
const started = (asked: string, told: string) => ({
  asked: { model: asked },
  told: { outcome: 'existing', session: 's', generation: 1, model: told },
});
const turnOf = (process: string, passed: string | null, more: Told = {}, model?: string) => ({
  session: 's',
  asked: { attempt: 'x', ...(model !== undefined && { model }) },
  told: { session: 's', process, passed, action: passed === null ? INITIAL : FOLLOW_UP, replaced: null, ...more },
});
const tells = (process: string, agentId: string) => ({ session: 's', process, asked: { agentId } });

test('accepts a resume with the same model and a reported id', () => {
  const op = createScript();
  const entries = [
    op('start', 0, started(SONNET, SONNET)),
    op('turn', 20, turnOf('a', null)),
    op('agent-session', 40, tells('a', 'id')),
    op('turn', 60, turnOf('b', 'id', {}, SONNET)),
  ];
  expect(rules(entries)).toEqual([]);
});

test('reports a start that returns a session of another model', () => {
  const op = createScript();
  expect(rules([op('start', 0, started(OPUS, SONNET))])).toEqual(['silent-model']);
});

test('reports a follow-up action without a resumed id', () => {
  const op = createScript();
  expect(rules([op('turn', 0, turnOf('a', null, { action: FOLLOW_UP }))])).toEqual(['action']);
});

test('reports a resumed id that no client reported', () => {
  const op = createScript();
  expect(rules([op('turn', 0, turnOf('a', 'never-told'))])).toEqual(['unknown-id']);
});

test('reports a standalone session that resumes the id of another session', () => {
  const op = createScript();
  const { slot: _, ...outside } = op('turn', 20, turnOf('b', 'id'));
  expect(rules([op('agent-session', 0, { ...tells('a', 'id'), session: 'q' }), outside])).toEqual(['id-of-another']);
});

test('reports a conversation resumed by another model', () => {
  const op = createScript();
  const entries = [
    op('turn', 0, turnOf('a', null, {}, SONNET)),
    op('agent-session', 20, tells('a', 'id')),
    op('turn', 40, turnOf('b', 'id', {}, OPUS)),
  ];
  expect(rules(entries)).toEqual(['resumed-another-model']);
});

test('reports a turn that does not resume the reported conversation', () => {
  const op = createScript();
  const told = [op('turn', 0, turnOf('a', null)), op('agent-session', 20, tells('a', 'id'))];
  expect(rules([...told, op('turn', 40, turnOf('b', null))])).toEqual(['not-resumed']);
  expect(rules([...told, op('turn', 25, turnOf('b', null))])).toEqual([]);
});
