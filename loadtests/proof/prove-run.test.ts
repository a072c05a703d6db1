import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { temporaryDirectory } from '@phaselock/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Received } from '../../chaos/history/operation.ts';
import type { Call, JournalLine } from '../journal/journal-line.ts';
import type { RunFacts } from '../run/run-facts.ts';
import type { FollowedFile } from '../run/run-folder.ts';
import { writeRun } from '../testing/made-up-run.ts';
import { openSmallWorld, type SmallWorld, type Worked } from '../testing/small-world.ts';
import { type Proof, proveRun } from './prove-run.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await openSmallWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

/** The run clock of these histories is the monotonic clock of this process. */
const began: JournalLine = { is: 'began', wallMs: performance.timeOrigin, at: 0 };

type Given = {
  readonly changes?: readonly Received[];
  readonly followed?: FollowedFile;
  readonly withoutDatabase?: boolean;
  readonly databaseUrl?: string;
  readonly patienceMs?: number;
  readonly facts?: Partial<RunFacts>;
  readonly partBytes?: number;
};

async function proven(lines: readonly (JournalLine | string)[], given: Given = {}): Promise<Proof> {
  await using folder = await temporaryDirectory();
  await writeRun(folder.path, {
    lines,
    facts: { scenario: 'smoke', ...given.facts },
    files: {
      ...(given.changes && { 'changes.ndjson': given.changes }),
      ...(given.followed && { 'followed.json': [given.followed] }),
    },
  });
  const { databaseUrl, ...others } = world.product;
  return await proveRun({
    folder: folder.path,
    product: given.withoutDatabase ? others : { ...others, databaseUrl: given.databaseUrl ?? databaseUrl },
    say: () => undefined,
    ...(given.patienceMs !== undefined && { patienceMs: given.patienceMs }),
    ...(given.partBytes !== undefined && { partBytes: given.partBytes }),
  });
}

/**
 * Number of changes of one `world.work`: two sessions with a turn each, a replacement, a deletion and the remaining
 * session.
 */
const CHANGES = 8;

/** The findings without those of the audit, which also reports the violations planted by other tests. */
const found = ({ findings }: Proof): readonly string[] => findings.filter((line) => !line.startsWith('audit: '));
const callNamed = ({ calls }: Worked, name: Call['name']): Call => {
  const call = calls.find((one) => one.name === name);
  if (call === undefined) throw new Error(`no ${name}`);
  return call;
};
const changed = ({ calls }: Worked, one: Call, said: Partial<Call>): Call[] =>
  calls.map((call) => (call === one ? { ...call, ...said } : call));

describe('a run without violations', () => {
  test('has no findings, and comparisons for each guarantee', async () => {
    const { calls } = await world.work('kept');
    const proof = await proven([began, ...calls]);
    expect(proof.findings).toEqual([]);
    expect(proof.audit?.exitCode).toBe(0);
    expect(proof.promises.map(({ compared }) => compared > 0)).toEqual([true, true, true]);
    expect(proof.notChecked).toEqual([]);
  });

  test('gets the same findings when it is judged in many parts', async () => {
    const calls = [...(await world.work('part-1')).calls, ...(await world.work('part-2')).calls];
    const numbered = calls.map((call, at) => ({ ...call, n: at + 1 }));
    const inParts = await proven([began, ...numbered], { partBytes: 2_000 });
    expect(found(inParts)).toEqual([]);
    expect(inParts.checkers).toEqual(
      expect.arrayContaining(
        [...(await proven([began, ...numbered])).checkers].map(({ checker, findings }) =>
          expect.objectContaining({ checker, findings }),
        ),
      ),
    );
  });

  test('may continue sessions that existed before it', async () => {
    const before = await world.work('before');
    const later: JournalLine = {
      is: 'began',
      wallMs: performance.timeOrigin + performance.now(),
      at: performance.now(),
    };
    const { calls } = await world.work('after', before);
    expect(callNamed({ ...before, calls }, 'start').told?.outcome).toBe('existing');
    expect(found(await proven([later, ...calls]))).toEqual([]);
  });

  test('is checked over HTTP without a database address, and reports what was not checked', async () => {
    const { calls } = await world.work('http');
    const proof = await proven([began, ...calls], { withoutDatabase: true });
    expect(proof.findings).toEqual([]);
    expect(proof.audit).toBeNull();
    expect(proof.notChecked).toContainEqual(expect.stringContaining('verify-sessions'));
  });

  test('has all its changes received by followers', async () => {
    const worked = await world.work('followed');
    const changes = await world.changesOf(worked.project, CHANGES);
    const proof = await proven([began, ...worked.calls], { changes });
    expect(found(proof)).toEqual([]);
    expect(proof.checkers.find(({ checker }) => checker === 'streams')?.compared['changes received']).toBe(
      changes.length,
    );
    const lost = await proven([began, ...worked.calls], { changes: changes.slice(0, -1) });
    expect(found(lost)).toContainEqual(expect.stringContaining('change-lost'));
  });
});

describe('reports', () => {
  test('an acknowledged session that does not exist', async () => {
    const worked = await world.work('lost-session');
    const start = callNamed(worked, 'start');
    const told = { ...start.told, session: '01900000-0000-7000-8000-000000000001' };
    const lines = changed(worked, start, { told });
    expect(found(await proven([began, ...lines]))).toContainEqual(expect.stringContaining('session-lost'));
    expect(found(await proven([began, ...lines], { withoutDatabase: true }))).toContainEqual(
      expect.stringContaining('session-lost'),
    );
  });

  test('an acknowledged log line that does not exist', async () => {
    const { calls, old } = await world.work('lost-line');
    await world.plant('delete from session_logs where id = (select min(id) from session_logs where session_id = $1)', [
      old.session,
    ]);
    const findings = found(await proven([began, ...calls]));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain('log-line-lost');
  });

  test('a stale turn that was accepted', async () => {
    const worked = await world.work('stale-turn');
    const stale = callNamed(worked, 'stale-turn');
    expect(stale).toMatchObject({ outcome: 'refused', code: 'stale_generation' });
    const { told } = callNamed(worked, 'turn');
    const proof = await proven([began, ...changed(worked, stale, { outcome: 'ok', ...(told && { told }) })]);
    expect(found(proof)).toContainEqual(expect.stringContaining('stale-turn-accepted'));
    expect(proof.promises.find(({ promise }) => promise.includes('stale'))?.findings).toBeGreaterThan(0);
  });

  test('a stale replacement that was done', async () => {
    const worked = await world.work('stale-replace');
    const stale = callNamed(worked, 'stale-replace');
    const { told } = callNamed(worked, 'replace');
    const lines = changed(worked, stale, { outcome: 'ok', ...(told && { told }) });
    expect(found(await proven([began, ...lines]))).toContainEqual(expect.stringContaining('stale-replace-accepted'));
  });

  test('two live sessions in a slot', async () => {
    const { calls, old } = await world.work('two-live');
    await world.plant(`update sessions set deleted_at = deleted_at + interval '1 second' where id = $1`, [old.session]);
    const proof = await proven([began, ...calls]);
    expect(found(proof)).toEqual([expect.stringContaining('two-live-sessions')]);
    expect(proof.promises.find(({ promise }) => promise.includes('two live'))?.findings).toBe(1);
  });

  test('a stream that received no change of its project, and one that did not reach the end', async () => {
    const { calls, project } = await world.work('silent');
    const changes = await world.changesOf(project, CHANGES);
    const streams = ['f', 'silent'].map((follower) => ({ follower, project }));
    const behind = `a follower of ${project} stands at 0-0`;
    const proof = await proven([began, ...calls], { changes, followed: { streams, unsettled: [behind] } });
    expect(found(proof)).toEqual([
      `streams: stream-unsettled: ${behind}`,
      `streams: change-lost: follower silent received no change, but project ${project} has ${changes.length}`,
    ]);
    const silent = await proven([began, ...calls], { followed: { streams: streams.slice(1), unsettled: [] } });
    expect(found(silent)).toContainEqual(expect.stringContaining('follower silent received no change'));
  });

  test('a line that is not JSON, and one that is not a call', async () => {
    const { calls } = await world.work('unreadable');
    const findings = found(await proven([began, '{"is":"oper\n', '{"is":"operation","n":1}\n', ...calls]));
    expect(findings).toEqual([
      expect.stringContaining('line 2 cannot be read'),
      expect.stringMatching(/line 3 cannot be read.*"n":1}/),
    ]);
  });

  test('a journal that ends within a line', async () => {
    const { calls } = await world.work('torn');
    expect(found(await proven([began, ...calls, '{"is":"opera']))).toEqual([
      'journal: it ends within a line, so the call of that line is unknown',
    ]);
  });

  test('a journal without a start line, and one without calls', async () => {
    expect((await proven([])).findings).toContain('journal: no line states when the run began');
    expect((await proven([began])).findings).toContain('journal: it contains no call');
  });

  test('a session that no call created', async () => {
    const worked = await world.work('invented');
    const without = worked.calls.filter(({ told }) => told?.session !== worked.current.session);
    expect(found(await proven([began, ...without]))).toContainEqual(expect.stringContaining('session-invented'));
  });

  test('a guarantee without any comparison', async () => {
    const { calls } = await world.work('unshown');
    const lookups = calls.filter(({ name }) => name === 'lookup');
    expect((await proven([began, ...lookups])).findings).toContainEqual(
      expect.stringContaining('nothing was compared for "nothing acknowledged is lost"'),
    );
    expect(found(await proven([began, ...calls], { facts: { scenario: 'runners' } }))).toEqual([
      expect.stringContaining('follows changes, but received none'),
    ]);
  });

  test('an API process that ended unexpectedly', async () => {
    const { calls } = await world.work('crash');
    expect(found(await proven([began, ...calls], { facts: { crashes: ['api-0 ended with 1'] } }))).toEqual([
      'crash: api-0 ended with 1',
    ]);
  });

  test('a database that does not answer a query, and one that accepts no connection', async () => {
    const { calls } = await world.work('frozen');
    const locking = new Client({ connectionString: world.product.databaseUrl });
    await locking.connect();
    await using _ = { [Symbol.asyncDispose]: () => locking.end() };
    await locking.query('begin');
    await locking.query('lock table sessions in access exclusive mode');
    const locked = await proven([began, ...calls], { patienceMs: 200 });
    expect(locked.findings).toEqual(['database: the state after the run could not be read: Query read timeout']);
    expect(locked).toMatchObject({ audit: null, notChecked: locked.findings });
    await locking.query('rollback');

    const accepted = new Set<Socket>();
    await using silent = createServer((socket) => void accepted.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const mute = { patienceMs: 200, databaseUrl: `postgres://postgres@127.0.0.1:${port}/none` };
    expect((await proven([began, ...calls], mute)).findings).toEqual([
      expect.stringMatching(/^database: the state after the run could not be read: .*timeout/),
    ]);
    for (const socket of accepted) socket.destroy();
  });

  test('an error found by the audit', async () => {
    const { calls, old } = await world.work('audit');
    await world.plant(
      `update processes set passed_session_id = 'of-nobody', action = 'CodingAgentFollowUpRequest', reason = 'same-model' where session_id = $1`,
      [old.session],
    );
    expect((await proven([began, ...calls])).findings).toContainEqual(
      expect.stringMatching(/^audit: verify-sessions --all ended with [1-9], found by SV\d{3} [a-z-]+/),
    );
  });
});
