import { expect, test } from 'vitest';
import type { Entry } from '../history/operation.ts';
import type { FinalProcess } from '../read-back.ts';
import { aProcess, aSession, createScript, finalOf, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkProcesses } from './processes.ts';

const rules = (entries: readonly Entry[], ...processes: readonly FinalProcess[]) =>
  rulesOf(verdictOf(checkProcesses(), entries, { final: finalOf([aSession('s', { processes })]) }));
const op = createScript();
const of = { session: 's', process: 'a' };
const finished = (at: number, ending: string, said = {}) => op('finish', at, { ...of, asked: { ending }, ...said });

test('an acknowledged ending must be stored unchanged, and no other', () => {
  expect(rules([finished(0, 'completed')], aProcess('a'))).toEqual([]);
  expect(rules([finished(0, 'completed')], aProcess('a', { status: 'lost' }))).toEqual(['ending-lost']);
  expect(rules([finished(0, 'completed'), finished(20, 'failed')], aProcess('a'))).toEqual(['ended-twice']);
  expect(rules([], aProcess('a'))).toEqual(['ending-invented']);
  expect(rules([finished(0, 'completed', { outcome: 'unknown' })], aProcess('a', { status: 'lost' }))).toEqual([]);
});

test('stored usage must be a reported value and no less than an acknowledged one', () => {
  const used = (at: number, input: number, said = {}) =>
    op('usage', at, { ...of, asked: { usage: [input, 0, 0, 0] }, ...said });
  const lost = (input: number) => aProcess('a', { status: 'lost', usage: [input, 0, 0, 0] });
  expect(rules([used(0, 5), used(20, 9)], lost(9))).toEqual([]);
  expect(rules([used(0, 5), used(20, 9)], lost(5))).toEqual(['usage-lost']);
  expect(rules([used(0, 5)], lost(7))).toEqual(['usage-invented']);
  expect(rules([used(0, 5), used(20, 9, { outcome: 'unknown' })], lost(5))).toEqual([]);
});

test('a process must have the agent session id it reported last', () => {
  const tells = (at: number, agentId: string) => op('agent-session', at, { ...of, asked: { agentId } });
  const withId = (agentId: string | null) => aProcess('a', { status: 'lost', agentId });
  expect(rules([tells(0, 'x'), tells(20, 'y')], withId('y'))).toEqual([]);
  expect(rules([tells(0, 'x'), tells(20, 'y')], withId('x'))).toEqual(['id-lost']);
  expect(rules([tells(0, 'x'), tells(5, 'y')], withId('x'))).toEqual([]);
  expect(rules([tells(0, 'x')], withId(null))).toEqual(['id-lost']);
  expect(rules([tells(0, 'x')], withId('z'))).toEqual(['id-invented']);
});

test('the id in a finish after a replacement need not be stored', () => {
  const told = (outcome: string) =>
    finished(0, 'killed', { asked: { ending: 'killed', agentId: 'x' }, told: { outcome } });
  const killed = aProcess('a', { status: 'killed', agentId: null });
  expect(rules([told('replaced')], killed)).toEqual([]);
  expect(rules([told('finished')], killed)).toEqual(['id-lost']);
});

test('a process with an acknowledged report must exist', () => {
  expect(rules([finished(0, 'completed')])).toEqual(['process-unknown']);
});
