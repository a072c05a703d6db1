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

test('the same model resumes what its session was told', () => {
  const op = createScript();
  const entries = [
    op('start', 0, started(SONNET, SONNET)),
    op('turn', 20, turnOf('a', null)),
    op('agent-session', 40, tells('a', 'id')),
    op('turn', 60, turnOf('b', 'id', {}, SONNET)),
  ];
  expect(rules(entries)).toEqual([]);
});

test('a start is never answered with another model', () => {
  const op = createScript();
  expect(rules([op('start', 0, started(OPUS, SONNET))])).toEqual(['silent-model']);
});

test('what is passed and what is said go together', () => {
  const op = createScript();
  expect(rules([op('turn', 0, turnOf('a', null, { action: FOLLOW_UP }))])).toEqual(['action']);
});

test('nothing is passed that nobody told', () => {
  const op = createScript();
  expect(rules([op('turn', 0, turnOf('a', 'never-told'))])).toEqual(['unknown-id']);
});

test('outside every slot a session has its own conversations only', () => {
  const op = createScript();
  const { slot: _, ...outside } = op('turn', 20, turnOf('b', 'id'));
  expect(rules([op('agent-session', 0, { ...tells('a', 'id'), session: 'q' }), outside])).toEqual(['id-of-another']);
});

test('another model never resumes', () => {
  const op = createScript();
  const entries = [
    op('turn', 0, turnOf('a', null, {}, SONNET)),
    op('agent-session', 20, tells('a', 'id')),
    op('turn', 40, turnOf('b', 'id', {}, OPUS)),
  ];
  expect(rules(entries)).toEqual(['resumed-another-model']);
});

test('a conversation that is known is not begun anew', () => {
  const op = createScript();
  const told = [op('turn', 0, turnOf('a', null)), op('agent-session', 20, tells('a', 'id'))];
  expect(rules([...told, op('turn', 40, turnOf('b', null))])).toEqual(['not-resumed']);
  expect(rules([...told, op('turn', 25, turnOf('b', null))])).toEqual([]);
});
