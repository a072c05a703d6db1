import { parseSessionId } from '@phaselock/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyRepairs } from '../../../test/apply-repairs.ts';
import { type PlantedHistory, plantInEveryLife } from '../../../test/plant-in-every-life.ts';
import type { PlantedRows } from '../../../test/planted/planted.ts';
import { REPAIRED } from '../../../test/planted/repaired.ts';
import { ROWS_AND_EVENTS } from '../../../test/planted/rows-and-events.ts';
import { auditOwnDatabase } from '../../audit-own-database.ts';
import { type Finding, fingerprintOf } from '../../finding.ts';

let history: PlantedHistory;
beforeAll(async () => {
  history = await plantInEveryLife();
});
afterAll(() => history[Symbol.asyncDispose]());

async function audited(): Promise<readonly Finding[]> {
  const { findings, summary } = await auditOwnDatabase(history.home.databaseUrl, { chain: true });
  expect(summary.incomplete).toEqual([]);
  return findings;
}

const apply = (findings: readonly Finding[]): Promise<number> =>
  applyRepairs(history.home.guard.database.pool.pg, findings);

const told = (findings: readonly Finding[]): string =>
  findings
    .map((one) => `${fingerprintOf(one)}: ${one.message}\n${one.repair ?? one.repairNote ?? 'says nothing'}`)
    .join('\n');

const saysNone = ({ severity, repair, repairNote }: Finding): boolean =>
  severity === 'info' || (repair === null && /^no safe repair: \S/.test(repairNote ?? ''));

const repaired = ROWS_AND_EVENTS.filter(({ what }) => REPAIRED.has(what));

test('the corruptions that are listed as repaired are planted', () => {
  expect(repaired).toHaveLength(REPAIRED.size);
});

describe('the printed repairs leave no finding after', () => {
  test.each(repaired)('$what', async ({ sql }) => {
    await using _ = await history.plant([sql]);
    const found = await audited();
    expect(await apply(found), told(found)).toBeGreaterThan(0);
    expect(told(await audited()), told(found)).toBe('');
    expect(await apply(found), 'applied again').toBe(0);
  });
});

describe('no repair is printed, and the reason is given, after', () => {
  test.each(ROWS_AND_EVENTS.filter(({ what }) => !REPAIRED.has(what)))('$what', async ({ sql }) => {
    await using _ = await history.plant([sql]);
    const found = await audited();
    expect(found.length).toBeGreaterThan(0);
    expect(told(found.filter((one) => !saysNone(one)))).toBe('');
  });
});

/** Deletes, as its user would, each live session that the findings name, or that is live in a slot they name. */
async function moveOn(findings: readonly Finding[]): Promise<readonly string[]> {
  const { guard } = history.home;
  const slots = findings.filter(({ subject }) => subject.kind === 'slot').map(({ subject }) => subject.id);
  const { rows } = await guard.database.pool.pg.query<{ id: string }>(
    `select s.id from sessions s where s.deleted_at is null
       and (s.id = any($1::uuid[]) or s.guarded and s.task_id || '/' || s.phase || '/' || s.mode = any($2::text[]))`,
    [findings.flatMap((one) => one.sessionId ?? []), slots],
  );
  const ids = rows.flatMap(({ id }) => parseSessionId(id) ?? []);
  for (const id of ids) await guard.softDelete({ sessionId: id });
  return ids;
}

/** Sessions of the history that their user can still delete. */
const DELETABLE = /\$(plan|successor|debug|minorTo|running|closed|reopened|pending|retried|kept|adopted|milestone)\b/;

describe('a repair that is applied after its session or slot moved on changes nothing', () => {
  const movable = repaired.filter(({ sql }) => DELETABLE.test(sql));

  test('most corruptions are of such sessions', () => {
    expect(movable.length).toBeGreaterThan(30);
  });

  test.each(movable)('$what', async ({ sql }) => {
    await using _ = await history.plant([sql]);
    const found = await audited();
    const moved = await moveOn(found);
    const late = found.filter(
      ({ subject, repair }) =>
        repair !== null && (subject.kind === 'slot' || moved.some((id) => repair.includes(`s.id = '${id}'`))),
    );
    expect(late.length, told(found)).toBeGreaterThan(0);
    expect(await apply(late), told(late)).toBe(0);
  });
});

/** Pairs that change the same session, chosen by a seed. */
function pairsInOneSession(count: number, seed: number): (readonly [PlantedRows, PlantedRows])[] {
  let state = seed;
  const below = (end: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
  const named = (sql: string): string[] =>
    [...new Set(sql.match(/\$[A-Za-z]+/g))].filter((name) => !/ttempt|ask/.test(name));
  const pairs = ROWS_AND_EVENTS.flatMap((one, at) =>
    ROWS_AND_EVENTS.slice(at + 1)
      .filter(
        ({ sql, what }) =>
          (REPAIRED.has(one.what) || REPAIRED.has(what)) && named(sql).some((name) => named(one.sql).includes(name)),
      )
      .map((other) => [one, other] as const),
  );
  return Array.from({ length: count }, () => pairs.splice(below(pairs.length), 1)[0]).flatMap((pair) =>
    pair === undefined ? [] : [pair],
  );
}

const ROUNDS = 4;

describe('repairs of two corruptions in one session do not contradict each other', () => {
  const pairs = pairsInOneSession(45, 20_261_122);

  test.each(pairs.map((pair) => ({ pair, whats: pair.map(({ what }) => what).join(', and ') })))(
    '$whats',
    async ({ pair }) => {
      await using _ = await history.plant(pair.map(({ sql }) => sql));
      const first = await audited();
      expect(first.length).toBeGreaterThan(0);
      const rules = new Set<string>([...pair.flatMap((one) => one.rules), ...first.map(({ rule }) => rule)]);
      let found = first;
      for (let round = 1; round <= ROUNDS && !found.every(saysNone); round += 1) {
        expect(await apply(found), told(found)).toBeGreaterThan(0);
        found = await audited();
        expect(told(found.filter(({ rule }) => !rules.has(rule))), told(first)).toBe('');
      }
      expect(told(found.filter((one) => !saysNone(one)))).toBe('');
    },
  );
});
