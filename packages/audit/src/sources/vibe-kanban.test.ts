import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { findingsOf } from '../../test/findings-of.ts';
import {
  attemptId,
  makeLaterVibeKanban,
  makeVibeKanban,
  processId,
  taskId,
  type VibeRun,
} from '../../test/vibe-database.ts';
import type { Finding } from '../finding.ts';
import { judgeTurn } from '../judge-turn.ts';
import type { RuleId } from '../rules.ts';
import { NotFound } from '../source.ts';
import { openVibeKanban } from './vibe-kanban.ts';
import type { ForeignWanted } from './wanted.ts';

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
type How = {
  readonly withProfiles?: boolean;
  readonly make?: Shape;
  readonly wanted?: ForeignWanted;
  readonly rules?: readonly RuleId[];
};

async function findAll(
  runs: readonly VibeRun[],
  { withProfiles = true, make = makeVibeKanban, wanted = ALL, rules }: How = {},
): Promise<Finding[]> {
  await using directory = await temporaryDirectory();
  const [path, profiles] = [join(directory.path, 'db.sqlite'), join(directory.path, 'profiles.json')];
  make(path, runs);
  writeFileSync(profiles, JSON.stringify(PROFILES));
  return await findingsOf(openVibeKanban({ path, profiles: withProfiles ? profiles : undefined, wanted }), rules);
}

/** The findings for a database with these runs, each as `rule process`. */
const faults = async (runs: readonly VibeRun[], how?: How): Promise<string[]> =>
  (await findAll(runs, how)).map(({ rule, subject }) => `${rule} ${Number(subject.id.slice(1))}`).toSorted();

const SONNET = { variant: 'SONNET_DEF' } as const;

describe('a correct start', () => {
  test('is a fresh conversation for a changed model', async () => {
    expect(await faults([SONNET, { ...SONNET, passed: 's-0' }, {}])).toEqual([]);
  });

  test('resumes the conversation for the same model, whatever the name of its profile', async () => {
    expect(await faults([SONNET, { ...SONNET, passed: 's-0' }, { variant: 'SONNET_PLAN', passed: 's-1' }])).toEqual([]);
  });

  test('is a fresh conversation for a profile without context', async () => {
    expect(await faults([SONNET, { variant: 'FRESH' }])).toEqual([]);
  });

  test('is compared with the actual start of each process in the timeline', async () => {
    await using directory = await temporaryDirectory();
    const [path, profiles] = [join(directory.path, 'db.sqlite'), join(directory.path, 'profiles.json')];
    makeVibeKanban(path, [SONNET, { ...SONNET, passed: 's-0' }, { passed: 's-1' }]);
    writeFileSync(profiles, JSON.stringify(PROFILES));
    const wanted = { kind: 'attempt', given: attemptId(1).toUpperCase() } as const;
    await using source = openVibeKanban({ path, profiles, wanted });
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

  test('a variant that the profiles file does not contain is undecidable', async () => {
    expect(await faults([SONNET, { variant: 'GONE', passed: 's-0' }])).toEqual(['SV107 1']);
  });
});

describe('without a profiles file, a variant is not a model', () => {
  const how = { withProfiles: false } as const;

  test('another variant leaves it open whether the model changed, for a resume and for a fresh start', async () => {
    expect(await faults([SONNET, { passed: 's-0' }], how)).toEqual(['SV107 1']);
    expect(await faults([SONNET, {}], how)).toEqual(['SV107 1']);
  });

  test('a resume with the same variant is correct, and a fresh start with it may have been intended', async () => {
    expect(await faults([SONNET, { ...SONNET, passed: 's-0' }], how)).toEqual([]);
    expect(await faults([SONNET, SONNET], how)).toEqual(['SV107 1']);
  });

  test('another agent is always another model, and an agent with one model never changes it', async () => {
    expect(await faults([SONNET, { executor: 'CODEX', passed: 's-0' }], how)).toEqual(['SV101 1']);
    expect(await faults([SONNET, { executor: 'CODEX' }], how)).toEqual([]);
    const amp = { executor: 'AMP', variant: 'A' } as const;
    expect(await faults([amp, { executor: 'AMP', variant: 'B', passed: 's-0' }], how)).toEqual([]);
  });
});

describe('a resume that the agent refused', () => {
  const refused = (...logs: NonNullable<VibeRun['logs']>): VibeRun => ({
    ...SONNET,
    passed: 's-0',
    told: null,
    status: 'failed',
    logs,
  });
  const MESSAGE = 'No conversation found with session ID: s-0';
  const RESULT = JSON.stringify({ type: 'result', is_error: true, session_id: 'new', errors: [MESSAGE] });

  test.each([
    ['on standard error', { Stderr: `${MESSAGE}\n` }],
    ['with colour codes', { Stderr: `\u001b[31mNo conversation found\u001b[0m with session ID: s-0` }],
    ['as a failed result', { Stdout: RESULT }],
    ['in other words', { Stderr: 'error: session s-0 is invalid or has expired' }],
  ])('%s makes the next fresh start correct', async (_how, message) => {
    expect(await faults([SONNET, refused(message), SONNET])).toEqual([]);
    expect(await faults([SONNET, refused(message), SONNET], { withProfiles: false })).toEqual([]);
  });

  test('is found in the log entries of later versions', async () => {
    const runs: VibeRun[] = [{}, { passed: 's-0', told: null, status: 'failed', logs: [{ stderr: MESSAGE }] }, {}];
    expect(await faults(runs, { make: makeLaterVibeKanban })).toEqual([]);
  });

  test('leaves the id before it to be resumed', async () => {
    const runs: VibeRun[] = [
      SONNET,
      { ...SONNET, passed: 's-0' },
      { ...refused({ Stderr: 'No conversation found with session ID: s-1' }), passed: 's-1' },
      { ...SONNET, passed: 's-0' },
    ];
    expect(await faults(runs)).toEqual([]);
  });

  test.each([
    ['report', { SessionId: 's-0' }],
    ['first message', { Stdout: `${JSON.stringify({ type: 'system', subtype: 'init', session_id: 's-0' })}\n` }],
  ])('may erase the id, which then is only in the log, as the %s of the agent', async (_what, message) => {
    const erased: VibeRun = { ...SONNET, told: null, logs: [message] };
    expect(await faults([erased, refused({ Stderr: MESSAGE }), SONNET])).toEqual([]);
  });

  test('is undecidable if the id was erased everywhere, but the fresh start after it is correct', async () => {
    const found = await findAll([{ ...SONNET, told: null }, refused({ Stderr: MESSAGE }), SONNET]);
    expect(found.map(({ rule, subject }) => `${rule} ${subject.id}`)).toEqual([`SV107 ${processId(1)}`]);
    expect(found[0]?.message).toContain('it may have been erased');
  });

  test('does not excuse the id of another attempt', async () => {
    const runs: VibeRun[] = [SONNET, { ...SONNET, attempt: 2, told: null }, { ...SONNET, attempt: 2, passed: 's-0' }];
    expect(await faults(runs)).toEqual(['SV103 2']);
  });

  test.each([
    ['about another id', { Stderr: 'No conversation found with session ID: another' }],
    ['that the agent quotes', { Stdout: JSON.stringify({ type: 'assistant', message: MESSAGE }) }],
    ['that the user quotes', { Stdout: JSON.stringify({ type: 'user', message: { content: MESSAGE } }) }],
    ['of a successful run', { Stdout: JSON.stringify({ type: 'result', is_error: false, result: MESSAGE }) }],
  ])('is not seen in a message %s', async (_what, message) => {
    expect(await faults([SONNET, { ...SONNET, passed: 's-0', logs: [message] }, SONNET])).toEqual(['SV102 2']);
  });

  test('ends with the next conversation', async () => {
    expect(await faults([SONNET, refused({ Stderr: MESSAGE }), SONNET, SONNET])).toEqual(['SV102 3']);
  });

  test('is unknown without logs, as the report says', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    makeVibeKanban(path, [SONNET], { withLogs: false });
    await using source = openVibeKanban({ path, profiles: undefined, wanted: ALL });
    expect(source.notes.join('\n')).toContain('Logs: not in this database');
  });
});

describe('dropped processes', () => {
  const dropped = { ...SONNET, dropped: true } as const;

  test.each<readonly [string, readonly VibeRun[]]>([
    ['are not resumed', [SONNET, { ...dropped, passed: 's-0' }, { ...SONNET, passed: 's-0' }]],
    ['leave nothing to resume if all were dropped', [dropped, SONNET]],
    ['leave nothing to resume if all were dropped, twice', [dropped, dropped, SONNET]],
    ['may have resumed each other before', [dropped, { ...dropped, passed: 's-0' }, SONNET]],
    [
      'may have resumed an older one of them, after a drop',
      [
        SONNET,
        { ...dropped, passed: 's-0' },
        { ...dropped, passed: 's-1' },
        { ...dropped, passed: 's-1' },
        { ...SONNET, passed: 's-0' },
      ],
    ],
    ['may have changed the model between them', [SONNET, { dropped: true }, dropped, { ...SONNET, passed: 's-0' }]],
  ])('%s', async (_what, runs) => {
    expect(await faults(runs)).toEqual([]);
  });

  test('SV407 reports the resume of a dropped id, also without profiles', async () => {
    const runs = [SONNET, { ...dropped, passed: 's-0' }, { ...SONNET, passed: 's-1' }];
    expect(await faults(runs)).toEqual(['SV407 2']);
    expect(await faults(runs, { withProfiles: false })).toEqual(['SV407 2']);
    const [found] = await findAll(runs, { rules: ['SV407'] });
    expect(found).toMatchObject({ severity: 'error', expected: 's-0', actual: 'FollowUp, s-1' });
  });

  test('SV407 is not reported for an id that a kept process reported too', async () => {
    const same = [SONNET, { ...dropped, passed: 's-0', told: 's-0' }, { ...SONNET, passed: 's-0' }];
    expect(await faults(same)).toEqual([]);
  });
});

describe('types of actions', () => {
  const REVIEWS = ['ReviewRequest', 'CodingAgentReviewRequest'] as const;

  test.each(REVIEWS)('a %s resumes the conversation of the same model', async (type) => {
    expect(await faults([SONNET, { ...SONNET, type, passed: 's-0' }, { ...SONNET, passed: 's-1' }])).toEqual([]);
    expect(await faults([SONNET, { type, passed: 's-0' }])).toEqual(['SV101 1']);
  });

  test.each(REVIEWS)('a %s starts fresh for another model, and perhaps on purpose for the same', async (type) => {
    expect(await faults([SONNET, { type }])).toEqual([]);
    expect(await faults([SONNET, { ...SONNET, type }])).toEqual(['SV107 1']);
  });

  test('a script starts no agent', async () => {
    expect(await faults([SONNET, { type: 'ScriptRequest', told: null }, { ...SONNET, passed: 's-0' }])).toEqual([]);
  });

  test('an unknown type is undecidable, and the finding names it', async () => {
    const found = await findAll([SONNET, { ...SONNET, type: 'DreamRequest' }, { ...SONNET, passed: 's-1' }]);
    expect(found).toMatchObject([{ rule: 'SV107', message: 'its action has the unknown type DreamRequest' }]);
  });
});

describe('a conversation that two tasks share', () => {
  const runs: VibeRun[] = [
    SONNET,
    { ...SONNET, attempt: 2 },
    { ...SONNET, attempt: 2, passed: 's-1', told: 's-0' },
    { ...SONNET, attempt: 3 },
  ];
  const scopes: readonly (readonly [string, ForeignWanted, readonly string[]])[] = [
    ['all', ALL, [attemptId(2)]],
    ['the attempt that was first', { kind: 'attempt', given: attemptId(1) }, [attemptId(1)]],
    ['the attempt that took it over', { kind: 'attempt', given: attemptId(2) }, [attemptId(2)]],
    ['another attempt', { kind: 'attempt', given: attemptId(3) }, []],
    ['the task that was first', { kind: 'task', given: taskId(1) }, [attemptId(1)]],
    ['the task that took it over', { kind: 'task', given: taskId(2).toUpperCase() }, [attemptId(2)]],
    ['another task', { kind: 'task', given: taskId(3) }, []],
  ];

  test.each(scopes)('is found in the audit of %s', async (_what, wanted, attempts) => {
    const found = (await findAll(runs, { wanted })).filter(
      // As verify-sessions does for an attempt.
      ({ rule, attemptId: attempt }) => rule === 'SV401' && (wanted.kind !== 'attempt' || attempt === wanted.given),
    );
    expect(found.map((one) => one.attemptId)).toEqual(attempts);
    for (const { subject, message } of found) {
      expect(subject).toEqual({ kind: 'process', id: processId(2) });
      expect(message).toContain(`${attemptId(1)} of task ${taskId(1)}`);
      expect(message).toContain(`${attemptId(2)} of task ${taskId(2)}`);
    }
  });

  test('a task that does not exist is not found', async () => {
    await expect(findAll(runs, { wanted: { kind: 'task', given: taskId(9) } })).rejects.toThrow(NotFound);
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
