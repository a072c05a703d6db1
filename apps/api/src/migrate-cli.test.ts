import { fileURLToPath } from 'node:url';
import { openGuard } from '@phaselock/guard';
import { createEmptyDatabase, spawnNode } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./migrate-cli.ts', import.meta.url));

describe('the migrate command', () => {
  test('run by three processes at once comes to one schema, and shows it', async () => {
    await using database = await createEmptyDatabase();
    const env = { PHASELOCK_DATABASE_URL: database.url };
    const runs = await Promise.all(
      ['up', 'up', 'up'].map(async (command) => {
        await using run = spawnNode(MAIN, { args: [command], env });
        const { code } = await run.exited;
        return { code, stdout: run.stdout() };
      }),
    );
    for (const run of runs) {
      expect(run.code).toBe(0);
      expect(run.stdout).toMatch(/^0001 {2}tables +applied/);
    }
    await using status = spawnNode(MAIN, { args: ['status'], env });
    expect(await status.exited).toMatchObject({ code: 0 });
    expect(status.stdout()).toBe(runs[0]?.stdout);
    await using guard = await openGuard({ databaseUrl: database.url, invalidation: 'memory' });
    const names = (await guard.listModels({}, { limit: 200 })).items.map(({ name }) => name);
    expect(names).toContain('claude-sonnet-4-5');
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    [['sideways'], 'postgres://nowhere', 64, /usage/],
    [['up'], undefined, 64, /PHASELOCK_DATABASE_URL/],
    [['up'], 'postgres://127.0.0.1:1/nowhere', 1, /ECONNREFUSED/],
  ])('%j on %s ends with its code and says why', async (args, url, code, said) => {
    await using run = spawnNode(MAIN, { args, env: { PHASELOCK_DATABASE_URL: url } });
    expect(await run.exited).toMatchObject({ code });
    expect(run.stderr()).toMatch(said);
  });
});
