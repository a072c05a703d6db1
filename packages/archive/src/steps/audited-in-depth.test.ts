import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { holdArchive } from '@phaselock/store';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  lapseLease,
  OPUS,
  replaceBy,
  runTurn,
  SONNET_NEXT,
  startedOf,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { AT_ONCE } from '../../test/at-once.ts';
import { deepAudit } from '../../test/deep-audit.ts';
import { aDeletedSession, openTestArchive, type TestArchive } from '../../test/open-test-archive.ts';
import { keepWhole, objectOf, plant, restoreWhole, rewriteBytes, rewriteText } from '../../test/plant.ts';
import { seedDeleted } from '../../test/seed-deleted.ts';
import { sealKey } from '../identity/marker.ts';
import { type ObjectStore, StoreFailure } from '../stores/object-store.ts';
import { runSteps } from './run-steps.ts';

vi.setConfig({ testTimeout: 60_000 });

const patient = (archive: TestArchive) => archive.with({ policy: { ...AT_ONCE, purgeAfterSeconds: 3_600 } });
const query = ({ ctx }: TestArchive, text: string) => ctx.database.pool.pg.query(text);

/** What the audit finds, as `rule severity`, without repetitions. */
async function heard({ home, ctx }: TestArchive, store: ObjectStore = ctx.store): Promise<string[]> {
  const { findings, summary } = await deepAudit(home.databaseUrl, store);
  expect(summary.incomplete).toEqual([]);
  return [...new Set(findings.map(({ rule, severity }) => `${rule} ${severity}`))].toSorted();
}

async function messages({ home, ctx }: TestArchive): Promise<string[]> {
  return (await deepAudit(home.databaseUrl, ctx.store)).findings.map(({ message }) => message);
}

type Both = { readonly archive: TestArchive; readonly purged: string; readonly here: string } & AsyncDisposable;

/** One session that was purged, and one that was archived and is still in the database. */
async function onePurgedOneHere(): Promise<Both> {
  const archive = await openTestArchive();
  const { sessionId: purged } = await aDeletedSession(archive.home, ['one', 'two € \u2028', '']);
  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
  const { sessionId: here } = await aDeletedSession(archive.home, ['one', 'two']);
  expect(await runSteps(patient(archive))).toMatchObject({ archived: 1, purged: 0 });
  return { archive, purged, here, [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() };
}

const objectKey = (name: string): string => `sessions/2026-11-22/${name}.v3-${'ab'.repeat(32)}.json.gz`;

async function putFile({ folder }: TestArchive, key: string): Promise<void> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), 'something');
}

describe('a deep audit is silent about', () => {
  test('sessions that were replaced, kept for another model, collapsed, standalone, lost or handed over', async () => {
    await using archive = await openTestArchive();
    const { guard, world } = archive.home;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const first = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(first, attemptId), 'first');
    const next = { model: { agent: 'claude-code', model: SONNET_NEXT }, say: { kind: 'keep' } } as const;
    await runTurn(guard, aTurn(first, attemptId, next), 'first');
    const second = await replaceBy(guard, aStart(taskId, OPUS, { handoff: { summary: 'half done' } }));
    await runTurn(guard, aTurn(second, attemptId), 'second');
    const silent = startedOf(await guard.startTurn(aTurn(second, attemptId)));
    await guard.appendLogs(tokenOf(silent), [{ kind: 'stderr', line: 'no "news"' }]);
    await lapseLease(archive.home, second);
    const again = startedOf(await guard.startTurn(aTurn(second, attemptId)));
    await guard.recordUsage(tokenOf(again), { inputTokens: 5, outputTokens: 7, turns: 1, costUsdMicros: 11 });
    await guard.finishTurn({ ...tokenOf(silent), ending: 'completed', exitCode: 0 });
    await guard.finishTurn({ ...tokenOf(again), ending: 'killed', agentSessionId: agentId('third') });
    await guard.softDelete({ sessionId: second.id });

    const other = await world.task();
    for (const name of ['older', 'newer']) {
      const beside = await begin(guard, aStart(other, OPUS, { guarded: false }));
      await runTurn(guard, aTurn(beside, await world.attempt(other)), name);
    }
    await replaceBy(guard, aStart(other));
    const alone = await guard.beginStandalone(aStart(other));
    await runTurn(guard, aTurn(alone, await world.attempt(other)), 'alone');
    await guard.softDelete({ sessionId: alone.id });

    expect(await runSteps(patient(archive))).toMatchObject({ archived: 5, purged: 0 });
    expect(await heard(archive)).toEqual([]);
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 5 });
    expect(await heard(archive)).toEqual([]);
  });

  test('a session that got logs, feedback or a late ending after it was archived', async () => {
    await using archive = await openTestArchive();
    const { guard, world } = archive.home;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    const turn = tokenOf(startedOf(await guard.startTurn(aTurn(session, await world.attempt(taskId)))));
    await guard.appendLogs(turn, [{ kind: 'stdout', line: 'in time' }]);
    await guard.softDelete({ sessionId: session.id });
    await query(archive, `update sessions set lease_expires_at = now() - interval '1 s' where id = '${session.id}'`);
    expect(await runSteps(patient(archive))).toMatchObject({ archived: 1 });
    await guard.recordFeedback({ sessionId: session.id, rating: 'bad' });
    expect(await heard(archive)).toEqual([]);
    await plant(
      archive,
      `insert into session_logs (session_id, kind, line) values ('${session.id}', 'stdout', 'late')`,
    );
    // Only the line, which is of no process, and not the archive, which was written before.
    expect(await heard(archive)).toEqual(['SV301 error']);
    await plant(archive, `delete from session_logs where session_id = '${session.id}' and line = 'late'`);
    await guard.finishTurn({ ...turn, ending: 'completed', exitCode: 0 });
    expect(await heard(archive)).toEqual([]);
  });

  test('a session of a milestone that got usage and a late ending after it was archived, and was then purged', async () => {
    await using archive = await openTestArchive();
    const { guard, world } = archive.home;
    const taskId = await world.task();
    const session = await guard.beginStandalone(aStart(taskId, OPUS, { milestoneId: 'm-1', actor: 'ada' }));
    await runTurn(guard, aTurn(session, await world.attempt(taskId)), 'first');
    const turn = tokenOf(startedOf(await guard.startTurn(aTurn(session, await world.attempt(await world.task())))));
    await guard.appendLogs(turn, [{ kind: 'stdout', line: 'in time' }]);
    await lapseLease(archive.home, session);
    await guard.softDelete({ sessionId: session.id });
    expect(await runSteps(patient(archive))).toMatchObject({ archived: 1 });
    await guard.recordUsage(turn, { inputTokens: 5, outputTokens: 7, turns: 1, costUsdMicros: 11 });
    await guard.finishTurn({ ...turn, ending: 'failed', exitCode: 3 });
    expect(await runSteps(archive.ctx), 'the worker archives it again').toMatchObject({ purged: 0 });
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 1 });
    expect(await heard(archive)).toEqual([]);
  });

  test('retries of the worker, a legal hold, an object that was restored, and the end of the retention', async () => {
    await using archive = await openTestArchive();
    await seedDeleted(archive.ctx.database, { projectId: archive.home.world.projectId, count: 4 });
    await runSteps(patient(archive));
    const { rows } = await query(archive, 'select session_id from archives order by session_id');
    const [damaged, held, restored, expired] = rows.map(({ session_id }) => String(session_id));
    await writeFile(await objectOf(archive, damaged ?? ''), 'something else');
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 4, failed: 1 });
    expect(await heard(archive)).toEqual([]);

    const path = await objectOf(archive, restored ?? '');
    await copyFile(path, join(archive.ctx.scratch, 'backup'));
    await rm(path);
    expect(await heard(archive)).toEqual(['SV504 error']);
    await copyFile(join(archive.ctx.scratch, 'backup'), path);
    await query(archive, `update archives set expires_at = now() where session_id in ('${held}', '${expired}')`);
    expect(
      await holdArchive(archive.ctx.database.kysely, rows[1]?.session_id, 'a case'),
      'the hold comes before the removal',
    ).toBe('done');
    expect(await runSteps(archive.ctx)).toMatchObject({ removed: 1 });
    expect(await heard(archive)).toEqual([]);
  });

  test.each(['announced', 'written', 'verified', 'marked'] as const)(
    'the objects of a worker that is at %s, and of one that died there',
    async (point) => {
      await using archive = await openTestArchive();
      await aDeletedSession(archive.home);
      let found: readonly string[] | undefined;
      const dies = archive.with({
        racepoint: async (name) => {
          if (name !== point) return;
          found = await heard(archive);
          throw new Error('killed');
        },
      });
      await runSteps(dies).catch(() => undefined);
      expect(found).toEqual([]);
      expect(await heard(archive)).toEqual([]);
    },
  );

  test('an object that is written, and one that is removed, after the audit took its snapshot', async () => {
    await using archive = await openTestArchive();
    const { sessionId } = await aDeletedSession(archive.home);
    await runSteps(archive.ctx);
    await aDeletedSession(archive.home);
    const busy: ObjectStore = {
      ...archive.ctx.store,
      // The store is read for the first time when the snapshot has been taken.
      async get(key, version) {
        await query(
          archive,
          `update archives set expires_at = now() where session_id = '${sessionId}' and removing_at is null`,
        );
        await runSteps(archive.ctx);
        return await archive.ctx.store.get(key, version);
      },
    };
    expect(await heard(archive, busy)).toEqual([]);
    expect((await query(archive, 'select from archives where removed_at is not null')).rowCount).toBe(1);
  });

  test('documents of an earlier release, which have fewer fields', async () => {
    await using both = await onePurgedOneHere();
    for (const id of [both.purged, both.here])
      await rewriteText(both.archive, id, (text) =>
        text.replaceAll(/,"(?:resolvedModel|keptThrough)":(?:"[^"]*"|\d+)/g, ''),
      );
    expect(await heard(both.archive)).toEqual([]);
  });

  test('a purged session of an earlier release, whose events record less', async () => {
    await using archive = await openTestArchive();
    await aDeletedSession(archive.home, ['one', 'two']);
    await plant(
      archive,
      `update session_events set place = null, hash = null,
         detail = detail - '{model,milestone_id,handoff_sha256,attempt_id,action,passed_session_id,pre_retry_session_id,skip_context,takes_up,
                             agent_session_id,exit_code,usage,invalidates,logs}'::text[];
       update processes set log_lines = null, log_digest = null;
       update event_chain_progress set task_id = null, finished_at = null`,
    );
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
    const { rows } = await query(archive, 'select from session_events where hash is null');
    expect(rows).toEqual([]);
    expect(await heard(archive)).toEqual([]);
  });
});

type Planting = (both: Both) => Promise<unknown>;
const record =
  (column: string, value: string, which: 'purged' | 'here' = 'purged'): Planting =>
  (both) =>
    plant(both.archive, `update archives set ${column} = ${value} where session_id = '${both[which]}'`);
const document =
  (which: 'purged' | 'here', from: string | RegExp, to: string): Planting =>
  (both) =>
    rewriteText(both.archive, both[which], (text) => text.replace(from, to));
/** Both in the document and in the record that counts its log lines. */
const rewrittenLog =
  (lines: number, from: string | RegExp, to: string): Planting =>
  async (both) => {
    await document('purged', from, to)(both);
    await record('log_count', String(lines))(both);
  };
const LINE = /(?<line>\{"id":\d+,"processId":"[^"]*","kind":"stdout","at":"[^"]*","line":"one"\}),/;
const SWAPPED = `
  create temporary table was as table archives;
  update archives set object_key = object_key || '-moved';
  update archives a set object_key = w.object_key, object_version = w.object_version, sha256 = w.sha256, bytes = w.bytes
    from was w where w.session_id <> a.session_id`;

const PLANTED: readonly (readonly [rule: string, what: string, planting: Planting])[] = [
  ['SV508', 'two objects that were swapped, with their hashes', (both) => plant(both.archive, SWAPPED)],
  ['SV508', 'a forged number of log lines', record('log_count', '7')],
  ['SV508', 'a forged number of log lines of a session that is here', record('log_count', '7', 'here')],
  ['SV508', 'a forged number of ratings', record('feedback_count', '0')],
  ['SV508', 'a forged version', record('session_version', '99')],
  ['SV508', 'a forged end of a purged session', record('deleted_at', `deleted_at + interval '1 day'`)],
  ['SV503', 'a forged number of processes', record('process_count', '7')],
  ['SV503', 'a forged number of events', record('event_count', '5')],
  ['SV503', 'a forged number of processes of a session that is here', record('process_count', '7', 'here')],
  ['SV509', 'a forged phase', record('phase', `'plan'`)],
  ['SV509', 'a forged model', record('model', `'claude-opus-4-5'`)],
  ['SV509', 'a forged generation', record('generation', '7')],
  ['SV509', 'a forged task', record('task_id', 'gen_random_uuid()')],
  ['SV509', 'a forged task of a session that is here', record('task_id', 'gen_random_uuid()', 'here')],
  [
    'SV509',
    'the archive of a session that never was',
    (both) =>
      plant(
        both.archive,
        `insert into archives select (jsonb_populate_record(a, jsonb_build_object('session_id', gen_random_uuid(), 'object_key', 'none',
           'expires_at', now(), 'removing_at', now(), 'removed_at', now()))).* from archives a where session_id = '${both.purged}'`,
      ),
  ],
  [
    'SV511',
    'an object that was removed before its year',
    async (both) => {
      await rm(await objectOf(both.archive, both.purged));
      await record('removed_at', 'now(), removing_at = now()')(both);
    },
  ],
  ['SV508', 'a document of another phase', document('purged', '"phase":"run"', '"phase":"plan"')],
  [
    'SV508',
    'a document of another task',
    document('here', /"taskId":"[^"]*"/, `"taskId":"${'0'.repeat(8)}-0000-4000-8000-000000000000"`),
  ],
  ['SV508', 'a document of another generation', document('purged', '"generation":1', '"generation":2')],
  ['SV508', 'a document with another sequence number', document('purged', '"seq":2', '"seq":3')],
  ['SV508', 'a document with another ending', document('purged', '"status":"completed"', '"status":"failed"')],
  ['SV508', 'a document with another actor', document('purged', '"actor":"ada"', '"actor":"eve"')],
  [
    'SV508',
    'a document without an event',
    document('purged', /,\{"id":\d+,"sessionId":"[^"]*","type":"deleted".*?\}(?=\],"feedback")/, ''),
  ],
  [
    'SV508',
    'a document without a log line',
    document('here', /\{"id":\d+,"processId":"[^"]*","kind":"stdout","at":"[^"]*","line":"one"\},/, ''),
  ],
  ['SV508', 'a document with a changed log line', document('here', '"line":"one"', '"line":"ONE"')],
  ['SV508', 'a changed log line of a purged session', document('purged', '"line":"one"', '"line":"ONE"')],
  ['SV508', 'another kind of a log line of a purged session', document('purged', '"kind":"stdout"', '"kind":"stderr"')],
  ['SV508', 'a removed log line of a purged session, with its count', rewrittenLog(2, LINE, '')],
  ['SV508', 'a repeated log line of a purged session, with its count', rewrittenLog(4, LINE, '$<line>,$<line>,')],
  [
    'SV508',
    'an added log line of a purged session that belongs to no process, with its count',
    rewrittenLog(
      4,
      '"logs":[',
      '"logs":[{"id":0,"processId":null,"kind":"stdout","at":"2026-11-22T00:00:00.000Z","line":"x"},',
    ),
  ],
  [
    'SV508',
    'two log lines of a purged session in another order',
    document('purged', /"one"(.*)("two[^"]*")/, '$2$1"one"'),
  ],
  ['SV508', 'another exit code of a purged session', document('purged', '"exitCode":0', '"exitCode":1')],
  [
    'SV508',
    'other tokens of a process of a purged session',
    document('purged', /(?<before>"exitCode":\d+,"usage":\{"inputTokens":)\d+/, '$<before>77'),
  ],
  [
    'SV508',
    'other tokens of a purged session',
    document('purged', /(?<before>"usage":\{"inputTokens":)\d+(?=[^}]*\},"createdAt")/, '$<before>77'),
  ],
  [
    'SV508',
    'another conversation of a process of a purged session',
    document('purged', /"agentSessionId":"[^"]*"(?=,"invalidated")/, '"agentSessionId":"forged"'),
  ],
  [
    'SV508',
    'another conversation of a purged session',
    document('purged', /"agentSessionId":"[^"]*"(?=,"usage")/, '"agentSessionId":"forged"'),
  ],
  ['SV508', 'a forged handoff of a purged session', document('purged', '"handoff":null', '"handoff":"forged"')],
  [
    'SV508',
    'a forged milestone of a purged session',
    document('purged', '"guarded":true', '"guarded":true,"milestoneId":"forged"'),
  ],
  ['SV508', 'another user of a purged session', document('purged', /"userId":(?:null|"[^"]*")/, '"userId":"eve"')],
  [
    'SV508',
    'another parameter of the model of a purged session',
    document('purged', '"parameters":{', '"parameters":{"forged":true'),
  ],
  [
    'SV508',
    'another hash of an event of a purged session',
    document('purged', /"hash":"[^"]*"/, `"hash":"${'0'.repeat(64)}"`),
  ],
  ['SV508', 'another place of an event of a purged session', document('purged', '"place":1', '"place":9')],
  ['SV508', 'another place of an event of a session that is here', document('here', '"place":1', '"place":9')],
  ['SV508', 'a document with a changed rating', document('here', '"rating":"good"', '"rating":"bad"')],
  [
    'SV508',
    'a document with a field that the schema does not know',
    document('purged', '"phase":', '"extra":1,"phase":'),
  ],
  [
    'SV508',
    'a document that is cut short',
    (both) => rewriteText(both.archive, both.purged, (text) => text.slice(0, -9)),
  ],
  [
    'SV508',
    'an object that is cut short, with its hash',
    (both) => rewriteBytes(both.archive, both.purged, (bytes) => bytes.subarray(0, -20)),
  ],
  [
    'SV508',
    'an object that is not compressed, with its hash',
    (both) => rewriteBytes(both.archive, both.purged, () => Buffer.from('{}')),
  ],
  [
    'SV503',
    'an object that is cut short',
    async (both) => {
      const path = await objectOf(both.archive, both.purged);
      await writeFile(path, (await readFile(path)).subarray(0, -20));
    },
  ],
  [
    'SV503',
    'two files that were swapped',
    async (both) => {
      const [one, other] = [await objectOf(both.archive, both.purged), await objectOf(both.archive, both.here)];
      const bytes = await readFile(one);
      await copyFile(other, one);
      await writeFile(other, bytes);
    },
  ],
  ['SV504', 'an archive without an object', async (both) => await rm(await objectOf(both.archive, both.purged))],
  [
    'SV508',
    'a log line that was changed in the database',
    (both) => plant(both.archive, `update session_logs set line = 'ONE' where line = 'one'`),
  ],
  [
    'SV508',
    'a log line that was deleted from the database',
    (both) => plant(both.archive, `delete from session_logs where line = 'one'`),
  ],
  [
    'SV508',
    'a rating that was changed in the database',
    (both) => plant(both.archive, `update feedback set rating = 'bad'`),
  ],
  [
    'SV508',
    'a deletion in another name',
    (both) =>
      plant(
        both.archive,
        `update session_events set actor = 'eve' where type = 'deleted' and session_id = '${both.purged}'`,
      ),
  ],
  [
    'SV510',
    'an object that no record names',
    (both) => putFile(both.archive, objectKey('01936f6e-0000-7000-8000-000000000001')),
  ],
  ['SV510', 'an object of an archived session beside its own', (both) => putFile(both.archive, objectKey(both.purged))],
  [
    'SV510',
    'an object under a key that no worker writes',
    (both) => putFile(both.archive, 'sessions/2026-11-22/notes.txt'),
  ],
];

describe('a deep audit finds', () => {
  let both: Both;
  beforeAll(async () => {
    both = await onePurgedOneHere();
    await keepWhole(both.archive);
  });
  afterEach(() => restoreWhole(both.archive));
  afterAll(() => both[Symbol.asyncDispose]());

  test.each(PLANTED)('%s: %s', async (rule, _what, planting) => {
    await planting(both);
    expect(await heard(both.archive)).toEqual([`${rule} error`]);
    await restoreWhole(both.archive);
    expect(await heard(both.archive)).toEqual([]);
  });

  test('an object of a live session', async () => {
    const { guard, world } = both.archive.home;
    const live = await begin(guard, aStart(await world.task()));
    await putFile(both.archive, objectKey(live.id));
    expect(await heard(both.archive)).toEqual(['SV510 error']);
  });

  test('an archive of a live session', async () => {
    const { guard, world } = both.archive.home;
    const taskId = await world.task();
    const live = await begin(guard, aStart(taskId));
    await plant(
      both.archive,
      `insert into archives select (jsonb_populate_record(a, jsonb_build_object('session_id', '${live.id}', 'task_id', '${taskId}', 'object_key', 'none',
         'purged_at', null, 'process_count', 0, 'event_count', 1, 'expires_at', now()))).* from archives a where session_id = '${both.purged}'`,
    );
    expect(await heard(both.archive)).toEqual(['SV509 error']);
  });

  test('the changed model of a purged session that was kept for a slightly different one', async () => {
    await using archive = await openTestArchive();
    const { guard, world } = archive.home;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(session, await world.attempt(taskId)), 'kept');
    await guard.start(aStart(taskId, SONNET_NEXT, { say: { kind: 'keep' } }));
    await guard.softDelete({ sessionId: session.id });
    await runSteps(archive.ctx);
    expect(await heard(archive)).toEqual([]);
    await plant(archive, `update archives set model = 'claude-sonnet-4-5'`);
    expect(await heard(archive)).toEqual(['SV509 error']);
  });

  test('the changed handoff of a purged session', async () => {
    await using archive = await openTestArchive();
    const { guard, world } = archive.home;
    const taskId = await world.task();
    await begin(guard, aStart(taskId));
    const second = await replaceBy(guard, aStart(taskId, OPUS, { handoff: { summary: 'half done' } }));
    await guard.softDelete({ sessionId: second.id });
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 2 });
    expect(await heard(archive)).toEqual([]);
    await rewriteText(archive, second.id, (text) => text.replace('half done', 'all done'));
    expect(await heard(archive)).toEqual(['SV508 error']);
  });

  test('what differs in a purged session, in words', async () => {
    await document('purged', '"line":"one"', '"line":"ONE"')(both);
    const [id] = (
      await query(
        both.archive,
        `select detail ->> 'process_id' as id from session_events where detail -> 'logs' ->> 'lines' = '3'`,
      )
    ).rows;
    expect(await messages(both.archive)).toEqual([
      `its document has log lines of the process ${id?.id} that do not have the digest in its events`,
    ]);
  });

  test('what differs, in words, once for each archive, and goes on after an object that is no document', async () => {
    await rewriteBytes(both.archive, both.purged, () => Buffer.from('{}'));
    await document('here', '"phase":"run"', '"phase":"plan"')(both);
    await record('log_count', '7', 'here')(both);
    expect(await messages(both.archive)).toEqual([
      'its object is not an archive document: it cannot be decompressed: incorrect header check',
      'its document has phase "plan" instead of "run", has 2 instead of 7 log lines',
    ]);
  });
});

describe('an object that cannot be read', () => {
  test('leaves the audit incomplete, and the other objects are examined', async () => {
    await using both = await onePurgedOneHere();
    await record('log_count', '7', 'here')(both);
    const bad = await objectOf(both.archive, both.purged);
    const { store } = both.archive.ctx;
    const failing: ObjectStore = {
      ...store,
      get: (key, version) =>
        bad.endsWith(key)
          ? Promise.reject(new StoreFailure('store_unavailable', 'EIO: i/o error, read'))
          : store.get(key, version),
    };
    const { findings, summary } = await deepAudit(both.archive.home.databaseUrl, failing);
    expect(findings.map(({ rule }) => rule)).toEqual(['SV508', 'SV901']);
    expect(summary.incomplete).toEqual([
      {
        rules: ['SV503', 'SV504', 'SV508'],
        why: '1 of the objects could not be read, the first because EIO: i/o error, read',
      },
    ]);
  });
});

describe('unknown objects are only listed', () => {
  const unknown = objectKey('01936f6e-0000-7000-8000-000000000001');

  test('if another database uses the store, which has its seal there', async () => {
    await using both = await onePurgedOneHere();
    await putFile(both.archive, unknown);
    await putFile(both.archive, sealKey('01936f6e-0000-4000-8000-000000000002'));
    expect(await heard(both.archive)).toEqual(['SV510 info']);
  });

  test('if the store was adopted, as after a restore to an earlier time', async () => {
    await using both = await onePurgedOneHere();
    await putFile(both.archive, unknown);
    await query(both.archive, `update archive_store set adopted_at = now(), adopt_reason = 'restored'`);
    expect(await heard(both.archive)).toEqual(['SV510 info']);
  });

  test('if their session is archived again, as after a restore to a time before its archive', async () => {
    await using both = await onePurgedOneHere();
    await plant(
      both.archive,
      `delete from archives where session_id = '${both.here}'; update sessions set archived_at = null where id = '${both.here}'`,
    );
    expect(await heard(both.archive)).toEqual(['SV510 info']);
    expect(await runSteps(both.archive.ctx)).toMatchObject({ archived: 1, purged: 1 });
    expect(await heard(both.archive)).toEqual([]);
  });

  test('not at all if the store is another one, which SV507 reports', async () => {
    await using both = await onePurgedOneHere();
    await putFile(both.archive, unknown);
    await query(both.archive, 'update archive_store set id = gen_random_uuid()');
    expect(await heard(both.archive)).toEqual(['SV507 error']);
  });
});
