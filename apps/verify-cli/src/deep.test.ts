import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { aStart, aTurn, begin, openTestGuard, runTurn, spawnNode, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { archiveNow } from '../../api/test/archive-now.ts';

const MAIN = resolve(import.meta.dirname, 'main.ts');

test('--deep reads the archive, names what differs, and lists objects without a record only with --all', async () => {
  await using home = await openTestGuard();
  await using directory = await temporaryDirectory();
  const folder = join(directory.path, 'archive');
  await mkdir(folder);
  const { guard, world } = home;
  const taskIds = [await world.task(), await world.task()];
  for (const taskId of taskIds) {
    const session = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(session, await world.attempt(taskId)), `agent-${taskId}`);
    await guard.softDelete({ sessionId: session.id });
  }
  await archiveNow(guard.database, folder);
  const verify = async (...args: readonly string[]) => {
    const env = { PHASELOCK_DATABASE_URL: home.databaseUrl, PHASELOCK_ARCHIVE_URL: `folder:${folder}` };
    await using run = spawnNode(MAIN, { args: [...args, '--deep', '--format', 'json'], env });
    const { code } = await run.exited;
    const report: unknown = JSON.parse(run.stdout());
    return { code, report };
  };
  expect(await verify('--all')).toMatchObject({ code: 0, report: { findings: [] } });

  const stray = `sessions/2026-11-22/01936f6e-0000-7000-8000-000000000001.v1-${'ab'.repeat(32)}.json.gz`;
  await mkdir(dirname(join(folder, stray)), { recursive: true });
  await writeFile(join(folder, stray), 'something');
  expect(await verify('--all')).toMatchObject({
    code: 2,
    report: { findings: [{ rule: 'SV510', subject: { kind: 'object', id: stray } }] },
  });
  expect(await verify('--task', taskIds[0] ?? '')).toMatchObject({ code: 0, report: { findings: [] } });

  const { rows } = await guard.database.pool.pg.query<{ session_id: string; task_id: string; object_key: string }>(
    'select session_id, task_id, object_key from archives order by session_id',
  );
  const [one, other] = rows;
  await guard.database.pool.pg.query(
    `update archives a set sha256 = o.sha256, bytes = o.bytes from archives o where o.session_id = $2 and a.session_id = $1`,
    [one?.session_id, other?.session_id],
  );
  await copyFile(join(folder, other?.object_key ?? ''), join(folder, one?.object_key ?? ''));
  expect(await verify('--task', one?.task_id ?? '')).toMatchObject({
    code: 2,
    report: {
      findings: [
        {
          rule: 'SV508',
          severity: 'error',
          sessionId: one?.session_id,
          message: `its document is that of the session ${other?.session_id}`,
        },
      ],
    },
  });
});
