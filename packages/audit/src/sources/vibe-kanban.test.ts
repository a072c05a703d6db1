import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { findingsOf } from '../../test/findings-of.ts';
import { attemptId, makeLaterVibeKanban, makeVibeKanban, processId, type VibeRun } from '../../test/vibe-database.ts';
import { judgeTurn } from '../judge-turn.ts';
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

/** The findings for a database with these runs, each as `rule process`. */
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

describe('a correct start', () => {
  test('is a fresh conversation for a changed model', async () => {
    const runs = [SONNET, { ...SONNET, passed: 's-0' }, {}];
    expect(await faults(runs)).toEqual([]);
    expect(await faults(runs, { withProfiles: false })).toEqual([]);
  });

  test('resumes the conversation for the same model, whatever the name of its profile', async () => {
    expect(await faults([SONNET, { ...SONNET, passed: 's-0' }, { variant: 'SONNET_PLAN', passed: 's-1' }])).toEqual([]);
  });

  test('is a fresh conversation for a profile without context', async () => {
    expect(await faults([SONNET, { variant: 'FRESH' }])).toEqual([]);
  });

  test('is compared with the actual start of each process in the timeline', async () => {
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

describe('a defect is reported for the right process', () => {
  const DEFECTS: readonly (readonly [string, readonly VibeRun[], readonly string[]])[] = [
    ['a queued follow-up resumed another model', [SONNET, { passed: 's-0' }], ['SV101 1']],
    [
      'a retry resumed another model',
      [SONNET, {}, { ...SONNET, passed: 's-1' }, { passed: 's-0' }],
      ['SV101 2', 'SV101 3'],
    ],
    [
      'a process resumed an older model after a crash before the id',
      [SONNET, { told: null }, { passed: 's-0' }],
      ['SV101 2'],
    ],
    ['the context was lost with the same model', [SONNET, SONNET], ['SV102 1']],
    ['an older id was passed', [SONNET, { ...SONNET, passed: 's-0' }, { ...SONNET, passed: 's-0' }], ['SV103 2']],
    [
      'the first process of an attempt passed an id',
      [
        { ...SONNET, passed: 's-1' },
        { ...SONNET, passed: 's-0' },
      ],
      ['SV104 0'],
    ],
    ['two attempts share an id', [SONNET, { ...SONNET, attempt: 2, told: 's-0' }], ['SV401 1']],
    ['no process reported the passed id', [SONNET, { ...SONNET, passed: 'made-up' }], ['SV103 1', 'SV403 1']],
    [
      'two processes ran at the same time',
      [
        { ...SONNET, status: 'running', completed: null },
        { ...SONNET, passed: 's-0', status: 'running', completed: null },
      ],
      ['SV201 1'],
    ],
    ['a process ended without an end time', [{ ...SONNET, completed: null }], ['SV404 0']],
    ['the action is empty', [SONNET, { action: '' }], ['SV107 1']],
    ['the action is an empty object', [SONNET, { action: '{}' }], ['SV107 1']],
    ['no id was ever reported', [{ ...SONNET, told: null }, SONNET], ['SV107 1']],
    [
      'times have two formats',
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

  test('the id of a dropped process is not resumed', async () => {
    const dropped = [SONNET, { ...SONNET, passed: 's-0', dropped: true }, { ...SONNET, passed: 's-0' }];
    expect(await faults(dropped)).toEqual([]);
  });

  test('a variant that the profiles file does not contain is undecidable', async () => {
    expect(await faults([SONNET, { variant: 'GONE', passed: 's-0' }])).toEqual(['SV107 1']);
  });

  test('a fresh start with the same variant is undecidable without a profiles file', async () => {
    expect(await faults([SONNET, SONNET], { withProfiles: false })).toEqual(['SV107 1']);
  });
});

describe('the schema since December 2025', () => {
  const make = makeLaterVibeKanban;
  test('contains the model in the action', async () => {
    expect(await faults([{}, { passed: 's-0' }, { model: 'claude-opus-4-5' }], { make })).toEqual([]);
    expect(await faults([{}, { passed: 's-0', model: 'claude-opus-4-5' }], { make })).toEqual(['SV101 1']);
  });
});

test('process ids of the test database have 32 digits', () => {
  expect(processId(7)).toHaveLength(32);
});
