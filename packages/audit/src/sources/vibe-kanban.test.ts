import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { judgeTurn } from '../judge-turn.ts';
import { findingsOf } from '../testing/findings-of.ts';
import { attemptId, makeLaterVibeKanban, makeVibeKanban, processId, type VibeRun } from '../testing/vibe-database.ts';
import { openVibeKanban } from './vibe-kanban.ts';

const PROFILES = {
  executors: {
    CLAUDE_CODE: {
      DEFAULT: { CLAUDE_CODE: { model: 'claude-opus-4-5' } },
      SONNET_DEF: { CLAUDE_CODE: { model: 'claude-sonnet-4-5' } },
      SONNET_PLAN: { CLAUDE_CODE: { model: 'claude-sonnet-4-5', plan: true } },
      FRESH: { CLAUDE_CODE: { model: 'claude-sonnet-4-5', no_context: true } },
    },
  },
};
const ALL = { kind: 'all' } as const;

type Shape = (path: string, runs: readonly VibeRun[]) => void;

/** What is found, as `rule process`, in a database of these runs. */
async function faults(
  runs: readonly VibeRun[],
  { withProfiles = true, make = makeVibeKanban as Shape } = {},
): Promise<string[]> {
  await using directory = await temporaryDirectory();
  const [path, profiles] = [join(directory.path, 'db.sqlite'), join(directory.path, 'profiles.json')];
  make(path, runs);
  writeFileSync(profiles, JSON.stringify(PROFILES));
  const findings = await findingsOf(
    openVibeKanban({ path, profiles: withProfiles ? profiles : undefined, wanted: ALL }),
  );
  return findings.map(({ rule, subject }) => `${rule} ${Number(subject.id.slice(1))}`).toSorted();
}

const SONNET = { variant: 'SONNET_DEF' } as const;

describe('the three cases', () => {
  test('a changed model begins afresh', async () => {
    const runs = [SONNET, { ...SONNET, passed: 's-0' }, {}];
    expect(await faults(runs)).toEqual([]);
    expect(await faults(runs, { withProfiles: false })).toEqual([]);
  });

  test('the same model goes on, whatever its profile is called', async () => {
    expect(await faults([SONNET, { ...SONNET, passed: 's-0' }, { variant: 'SONNET_PLAN', passed: 's-1' }])).toEqual([]);
  });

  test('without context it begins afresh', async () => {
    expect(await faults([SONNET, { variant: 'FRESH' }])).toEqual([]);
  });

  test('and are shown so, one by one', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    makeVibeKanban(path, [SONNET, { ...SONNET, passed: 's-0' }, { passed: 's-1' }]);
    const wanted = { kind: 'attempt', given: attemptId(1).toUpperCase() } as const;
    await using source = openVibeKanban({ path, profiles: undefined, wanted });
    const rows = await source.timeline(source.attemptId ?? '');
    expect(rows.map((row) => judgeTurn(row, source.traits))).toMatchObject([
      { kind: 'right' },
      { kind: 'right', expected: 's-0' },
      { kind: 'broken', rule: 'SV101', expected: 'Initial, nothing passed' },
    ]);
  });
});

describe('each defect is found, at the right process', () => {
  const DEFECTS: readonly (readonly [string, readonly VibeRun[], readonly string[]])[] = [
    ['a queued follow-up resumed another model', [SONNET, { passed: 's-0' }], ['SV101 1']],
    [
      'a retry resumed another model',
      [SONNET, {}, { ...SONNET, passed: 's-1' }, { passed: 's-0' }],
      ['SV101 2', 'SV101 3'],
    ],
    ['a crash before the id made an older model resume', [SONNET, { told: null }, { passed: 's-0' }], ['SV101 2']],
    ['context was lost though the model was the same', [SONNET, SONNET], ['SV102 1']],
    ['an older id was passed', [SONNET, { ...SONNET, passed: 's-0' }, { ...SONNET, passed: 's-0' }], ['SV103 2']],
    [
      'an attempt began with an id',
      [
        { ...SONNET, passed: 's-1' },
        { ...SONNET, passed: 's-0' },
      ],
      ['SV104 0'],
    ],
    ['an id is of two attempts', [SONNET, { ...SONNET, attempt: 2, told: 's-0' }], ['SV401 1']],
    ['an id nobody recorded', [SONNET, { ...SONNET, passed: 'made-up' }], ['SV103 1', 'SV403 1']],
    [
      'two ran at once',
      [
        { ...SONNET, status: 'running', completed: null },
        { ...SONNET, passed: 's-0', status: 'running', completed: null },
      ],
      ['SV201 1'],
    ],
    ['ended without an end time', [{ ...SONNET, completed: null }], ['SV404 0']],
    ['an empty action', [SONNET, { action: '' }], ['SV107 1']],
    ['an action of nothing', [SONNET, { action: '{}' }], ['SV107 1']],
    ['no id was ever reported', [{ ...SONNET, told: null }, SONNET], ['SV107 1']],
    [
      'two forms of time, in the order they mean',
      [
        { ...SONNET, at: '2026-01-26 09:59:59.500' },
        { ...SONNET, at: '2026-01-26T10:00:00.000000001+00:00', passed: 's-0' },
        { ...SONNET, at: '2026-01-26 10:00:00.000', passed: 's-0', told: 's-0' },
      ],
      ['SV304 1'],
    ],
  ];
  test.each(DEFECTS)('%s', async (_what, runs, expected) => {
    const found = await faults(runs);
    expect(
      found.filter((one) => expected.some((rule) => one.startsWith(rule.slice(0, 5)))),
      found.join(),
    ).toEqual(expect.arrayContaining([...expected]));
  });

  test('an id that was taken back is not resumed', async () => {
    const dropped = [SONNET, { ...SONNET, passed: 's-0', dropped: true }, { ...SONNET, passed: 's-0' }];
    expect(await faults(dropped)).toEqual([]);
  });

  test('what the profiles do not know is undecidable', async () => {
    expect(await faults([SONNET, { variant: 'GONE', passed: 's-0' }])).toEqual(['SV107 1']);
  });

  test('without the profiles a fresh start with the same variant is undecidable: no context may have been wanted', async () => {
    expect(await faults([SONNET, SONNET], { withProfiles: false })).toEqual(['SV107 1']);
  });
});

describe('the shape since December 2025', () => {
  const make = makeLaterVibeKanban;
  test('the model is the one the action names', async () => {
    expect(await faults([{}, { passed: 's-0' }, { model: 'claude-opus-4-5' }], { make })).toEqual([]);
    expect(await faults([{}, { passed: 's-0', model: 'claude-opus-4-5' }], { make })).toEqual(['SV101 1']);
  });
});

test('ids are read from blobs as people write them', () => {
  expect(processId(7)).toHaveLength(32);
});
