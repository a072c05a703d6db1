import { describe, expect, test } from 'vitest';
import type { CampaignCommand, CampaignDecision, CampaignRecord, CampaignState, Judged } from './campaign.ts';
import { decideCampaign } from './decide-campaign.ts';

const PLAN = {
  stages: [5, 25, 50, 100].map((percent, index) => ({
    stage: index + 1,
    percent,
    announcement: `on for ${percent} %`,
  })),
  offText: 'off again',
};
const NOW = new Date('2026-11-21T12:00:00Z');
const SINCE = new Date('2026-11-20T12:00:00Z');
const KILL = { id: 7, at: NOW, actor: 'ann', why: 'sessions get lost' };

type Present = Partial<CampaignRecord['present']>;

const at = (
  record: Partial<CampaignRecord>,
  present: Present = {},
  holding: CampaignState['holding'] = { kind: 'ours' },
) => ({
  plan: PLAN,
  holding,
  record: {
    flag: 'single_session_guard',
    now: NOW,
    campaign: 1,
    stage: 1,
    percent: 5,
    state: 'baking',
    heldFor: null,
    bakingSince: null,
    expectedInstances: null,
    flagVersion: 3,
    offText: null,
    fence: 1,
    lease: null,
    ...record,
    present: { enabled: true, percent: 5, version: 3, updatedAt: NOW, updatedBy: 'rollout', kill: null, ...present },
  } satisfies CampaignRecord,
});

/** The states of a campaign, each with a flag that fits. */
const STATES = {
  'off, no campaign': at(
    { campaign: 0, stage: 0, percent: 0, state: 'idle', flagVersion: null },
    { enabled: false, percent: 0 },
  ),
  'on, no campaign': at({ campaign: 0, stage: 0, percent: 0, state: 'idle', flagVersion: null }, { percent: 100 }),
  'killed, no campaign': at(
    { campaign: 0, stage: 0, percent: 0, state: 'idle', flagVersion: null },
    { enabled: false, percent: 100, kill: KILL },
  ),
  baking: at({ bakingSince: SINCE }),
  'holding for evidence': at({ state: 'holding', heldFor: 'evidence', bakingSince: SINCE }),
  'holding for a verdict': at({ state: 'holding', heldFor: 'verdict' }),
  'holding for the flag': at({ state: 'holding', heldFor: 'flag' }, { percent: 40, version: 9, updatedBy: 'bob' }),
  paused: at({ state: 'paused' }),
  'changed by hand': at({ bakingSince: SINCE }, { percent: 40, version: 4, updatedBy: 'bob' }),
  'changed by hand and back': at({ bakingSince: SINCE }, { version: 5, updatedBy: 'bob' }),
  'switched off by hand': at({ bakingSince: SINCE }, { enabled: false, version: 4, updatedBy: 'bob' }),
  'killed while baking': at({ bakingSince: SINCE }, { enabled: false, version: 4, kill: KILL }),
  'killed and seen': at({ state: 'holding', heldFor: 'kill' }, { enabled: false, version: 4, kill: KILL }),
  done: at({ stage: 4, percent: 100, state: 'done' }, { percent: 100 }),
  'killed when done': at(
    { stage: 4, percent: 100, state: 'done' },
    { enabled: false, percent: 100, version: 4, kill: KILL },
  ),
  aborted: at({ stage: 0, percent: 0, state: 'aborted' }, { enabled: false, percent: 0 }),
  'lease lapsed': at({ bakingSince: SINCE }, {}, { kind: 'lapsed' }),
  'held by another': at({ bakingSince: SINCE }, {}, { kind: 'other', holder: 'bob@b/2', until: NOW }),
} as const satisfies Record<string, CampaignState>;

const judged = (why: Judged['why'], bakeFrom: number | null = null): Judged => ({
  why,
  bakeFrom,
  reason: `because ${why}`,
  outcome: why === 'proven' ? 'pass' : why.startsWith('failed') ? 'fail' : 'inconclusive',
});
const LATER = SINCE.getTime() + 3_600_000;

const VERDICTS = {
  none: undefined,
  proven: judged('proven'),
  failed: judged('failed'),
  'failed early': judged('failed_early'),
  'not proven': judged('not_proven'),
  baking: judged('baking'),
  held: judged('held'),
  'held, later': judged('held', LATER),
} as const;

const start = { kind: 'start', why: 'go', releaseKill: false, instances: 2 } as const;
const resume = { kind: 'resume', why: 'go on', releaseKill: false } as const;
const promote = { kind: 'promote' } as const;
const COMMANDS = {
  start,
  'start releasing': { ...start, releaseKill: true },
  'start releasing without why': { ...start, why: '', releaseKill: true },
  pause: { kind: 'pause', why: 'lunch' },
  resume,
  'resume releasing': { ...resume, releaseKill: true },
  'resume releasing without why': { ...resume, why: ' ', releaseKill: true },
  promote,
  'promote by force': { ...promote, force: { why: 'the data is of a test' } },
  'promote by force without why': { ...promote, force: { why: ' ' } },
  abort: { kind: 'abort', why: 'enough' },
  'abort without why': { kind: 'abort', why: '' },
  tick: { kind: 'tick' },
} as const satisfies Record<string, CampaignCommand>;

/** A decision in one line: its action, the new state, the flag change and the bake. */
function brief(decision: CampaignDecision): string {
  if (decision.kind === 'refuse') return `refuse ${decision.refusal}`;
  if (decision.kind === 'stay') return `stay, ${decision.outcome}${decision.ended ? ', ended' : ''}`;
  const { step, outcome } = decision;
  const { to, flag, bake, announcement, forced } = step;
  const change =
    flag === undefined
      ? ''
      : 'change' in flag
        ? `, flag ${flag.change.enabled ? flag.change.percent : 'off'} from v${flag.seenVersion}${flag.change.release_kills ? ` releasing ${flag.seenKill}` : ''}`
        : `, adopts v${flag.adoptVersion}`;
  const held = to.heldFor === null ? '' : ` for ${to.heldFor}`;
  return `${step.action} to ${to.stage}/${to.percent} ${to.state}${held}, bake ${bake}${change}${announcement ? `, says ${announcement.text}` : ''}${forced ? ', forced' : ''}, ${outcome}`;
}

type Row = readonly [keyof typeof STATES, keyof typeof COMMANDS, keyof typeof VERDICTS, string];

const START = 'baking, bake new';
const TABLE: readonly Row[] = [
  ['off, no campaign', 'start', 'none', `start to 1/5 ${START}, flag 5 from v3, says on for 5 %, pass`],
  ['on, no campaign', 'start', 'none', 'refuse already-on'],
  ['killed, no campaign', 'start', 'none', 'refuse killed'],
  [
    'killed, no campaign',
    'start releasing',
    'none',
    `start to 1/5 ${START}, flag 5 from v3 releasing 7, says on for 5 %, pass`,
  ],
  ['killed, no campaign', 'start releasing without why', 'none', 'refuse why-missing'],
  ['baking', 'start', 'none', 'refuse under-way'],
  ['paused', 'start', 'none', 'refuse under-way'],
  ['killed while baking', 'start releasing', 'none', 'refuse under-way'],
  ['done', 'start', 'none', 'refuse already-on'],
  [
    'killed when done',
    'start releasing',
    'none',
    `start to 1/5 ${START}, flag 5 from v4 releasing 7, says on for 5 %, pass`,
  ],
  ['aborted', 'start', 'none', `start to 1/5 ${START}, flag 5 from v3, says on for 5 %, pass`],

  ['off, no campaign', 'pause', 'none', 'refuse no-campaign'],
  ['baking', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['holding for evidence', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['changed by hand', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['paused', 'pause', 'none', 'stay, inconclusive'],
  ['done', 'pause', 'none', 'refuse no-campaign'],
  ['aborted', 'pause', 'none', 'refuse no-campaign'],

  ['off, no campaign', 'resume', 'none', 'refuse no-campaign'],
  ['baking', 'resume', 'none', 'refuse baking-already'],
  ['paused', 'resume', 'none', 'resume to 1/5 baking, bake new, adopts v3, pass'],
  ['holding for evidence', 'resume', 'none', 'resume to 1/5 baking, bake new, adopts v3, pass'],
  ['holding for a verdict', 'resume', 'none', 'resume to 1/5 baking, bake new, adopts v3, pass'],
  ['holding for the flag', 'resume', 'none', 'refuse flag-changed'],
  ['changed by hand', 'resume', 'none', 'refuse flag-changed'],
  ['changed by hand and back', 'resume', 'none', 'resume to 1/5 baking, bake new, adopts v5, pass'],
  ['switched off by hand', 'resume', 'none', 'refuse killed'],
  [
    'switched off by hand',
    'resume releasing',
    'none',
    'resume to 1/5 baking, bake new, flag 5 from v4, says on for 5 %, pass',
  ],
  ['killed and seen', 'resume', 'none', 'refuse killed'],
  ['killed and seen', 'resume releasing without why', 'none', 'refuse why-missing'],
  [
    'killed and seen',
    'resume releasing',
    'none',
    'resume to 1/5 baking, bake new, flag 5 from v4 releasing 7, says on for 5 %, pass',
  ],
  [
    'killed while baking',
    'resume releasing',
    'none',
    'resume to 1/5 baking, bake new, flag 5 from v4 releasing 7, says on for 5 %, pass',
  ],
  [
    'killed when done',
    'resume releasing',
    'none',
    'resume to 4/100 baking, bake new, flag 100 from v4 releasing 7, says on for 100 %, pass',
  ],
  ['done', 'resume', 'none', 'refuse no-campaign'],
  ['aborted', 'resume releasing', 'none', 'refuse no-campaign'],

  ['off, no campaign', 'promote', 'proven', 'refuse no-campaign'],
  ['baking', 'promote', 'proven', `promote to 2/25 ${START}, flag 25 from v3, says on for 25 %, pass`],
  ['baking', 'promote', 'failed', 'hold to 1/5 holding for verdict, bake none, fail'],
  ['baking', 'promote', 'failed early', 'hold to 1/5 holding for verdict, bake none, fail'],
  ['baking', 'promote', 'not proven', 'hold to 1/5 holding for verdict, bake none, inconclusive'],
  ['baking', 'promote', 'baking', 'stay, inconclusive'],
  ['baking', 'promote', 'held', 'hold to 1/5 holding for evidence, bake kept, inconclusive'],
  ['baking', 'promote', 'held, later', 'rebake to 1/5 baking, bake later, inconclusive'],
  ['baking', 'promote', 'none', 'refuse no-verdict'],
  ['baking', 'promote by force', 'failed', `promote to 2/25 ${START}, flag 25 from v3, says on for 25 %, forced, pass`],
  ['baking', 'promote by force', 'none', `promote to 2/25 ${START}, flag 25 from v3, says on for 25 %, forced, pass`],
  ['baking', 'promote by force without why', 'failed', 'refuse why-missing'],
  ['holding for evidence', 'promote', 'proven', `promote to 2/25 ${START}, flag 25 from v3, says on for 25 %, pass`],
  ['holding for evidence', 'promote', 'held', 'stay, inconclusive'],
  ['holding for evidence', 'promote', 'baking', 'resume to 1/5 baking, bake kept, inconclusive'],
  ['holding for a verdict', 'promote', 'none', 'refuse needs-resume'],
  [
    'holding for a verdict',
    'promote by force',
    'none',
    `promote to 2/25 ${START}, flag 25 from v3, says on for 25 %, forced, pass`,
  ],
  ['holding for the flag', 'promote', 'none', 'refuse flag-changed'],
  ['changed by hand', 'promote', 'proven', 'hold to 1/5 holding for flag, bake none, inconclusive'],
  ['changed by hand', 'promote by force', 'proven', 'hold to 1/5 holding for flag, bake none, inconclusive'],
  ['changed by hand and back', 'promote', 'proven', 'hold to 1/5 holding for flag, bake none, inconclusive'],
  ['paused', 'promote', 'none', 'refuse paused'],
  ['paused', 'promote by force', 'none', 'refuse paused'],
  ['killed while baking', 'promote', 'proven', 'refuse killed'],
  ['killed while baking', 'promote by force', 'proven', 'refuse killed'],
  ['killed and seen', 'promote', 'none', 'refuse killed'],
  ['done', 'promote', 'none', 'refuse no-campaign'],
  ['aborted', 'promote', 'none', 'refuse no-campaign'],

  ['off, no campaign', 'abort', 'none', 'refuse no-campaign'],
  ['baking', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v3, says off again, pass'],
  ['baking', 'abort without why', 'none', 'refuse why-missing'],
  ['paused', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v3, says off again, pass'],
  ['changed by hand', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v4, says off again, pass'],
  ['killed and seen', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v4, says off again, pass'],
  ['done', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v3, says off again, pass'],
  ['aborted', 'abort', 'none', 'refuse no-campaign'],

  ['off, no campaign', 'tick', 'none', 'stay, inconclusive, ended'],
  ['baking', 'tick', 'proven', `promote to 2/25 ${START}, flag 25 from v3, says on for 25 %, pass`],
  ['baking', 'tick', 'failed early', 'abort to 0/0 aborted, bake none, flag off from v3, says off again, fail'],
  ['baking', 'tick', 'failed', 'abort to 0/0 aborted, bake none, flag off from v3, says off again, fail'],
  ['baking', 'tick', 'not proven', 'hold to 1/5 holding for verdict, bake none, inconclusive'],
  ['baking', 'tick', 'baking', 'stay, inconclusive'],
  ['baking', 'tick', 'held', 'hold to 1/5 holding for evidence, bake kept, inconclusive'],
  ['baking', 'tick', 'held, later', 'rebake to 1/5 baking, bake later, inconclusive'],
  ['holding for evidence', 'tick', 'baking', 'resume to 1/5 baking, bake kept, inconclusive'],
  ['holding for evidence', 'tick', 'held', 'stay, inconclusive'],
  ['holding for evidence', 'tick', 'proven', `promote to 2/25 ${START}, flag 25 from v3, says on for 25 %, pass`],
  ['holding for a verdict', 'tick', 'none', 'stay, inconclusive'],
  ['holding for the flag', 'tick', 'none', 'stay, inconclusive'],
  ['changed by hand', 'tick', 'proven', 'hold to 1/5 holding for flag, bake none, inconclusive'],
  ['switched off by hand', 'tick', 'proven', 'hold to 1/5 holding for flag, bake none, inconclusive'],
  ['killed while baking', 'tick', 'proven', 'kill-seen to 1/5 holding for kill, bake none, fail'],
  ['killed and seen', 'tick', 'none', 'stay, fail'],
  ['paused', 'tick', 'none', 'stay, inconclusive'],
  ['done', 'tick', 'none', 'stay, pass, ended'],
  ['aborted', 'tick', 'none', 'stay, fail, ended'],

  ['on, no campaign', 'pause', 'none', 'refuse no-campaign'],
  ['on, no campaign', 'resume', 'none', 'refuse no-campaign'],
  ['on, no campaign', 'promote', 'none', 'refuse no-campaign'],
  ['on, no campaign', 'abort', 'none', 'refuse no-campaign'],
  ['on, no campaign', 'tick', 'none', 'stay, inconclusive, ended'],
  ['killed, no campaign', 'pause', 'none', 'refuse no-campaign'],
  ['killed, no campaign', 'resume', 'none', 'refuse no-campaign'],
  ['killed, no campaign', 'promote', 'none', 'refuse no-campaign'],
  ['killed, no campaign', 'abort', 'none', 'refuse no-campaign'],
  ['killed, no campaign', 'tick', 'none', 'stay, inconclusive, ended'],
  ['holding for evidence', 'start', 'none', 'refuse under-way'],
  ['holding for a verdict', 'start', 'none', 'refuse under-way'],
  ['holding for the flag', 'start', 'none', 'refuse under-way'],
  ['changed by hand', 'start', 'none', 'refuse under-way'],
  ['changed by hand and back', 'start', 'none', 'refuse under-way'],
  ['switched off by hand', 'start', 'none', 'refuse under-way'],
  ['killed and seen', 'start', 'none', 'refuse under-way'],
  ['holding for a verdict', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['holding for the flag', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['changed by hand and back', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['switched off by hand', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['killed while baking', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['killed and seen', 'pause', 'none', 'pause to 1/5 paused, bake none, pass'],
  ['holding for evidence', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v3, says off again, pass'],
  ['holding for a verdict', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v3, says off again, pass'],
  ['holding for the flag', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v9, says off again, pass'],
  [
    'changed by hand and back',
    'abort',
    'none',
    'abort to 0/0 aborted, bake none, flag off from v5, says off again, pass',
  ],
  ['switched off by hand', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v4, says off again, pass'],
  ['killed while baking', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v4, says off again, pass'],
  ['killed when done', 'abort', 'none', 'abort to 0/0 aborted, bake none, flag off from v4, says off again, pass'],
  ['changed by hand and back', 'tick', 'proven', 'hold to 1/5 holding for flag, bake none, inconclusive'],
  ['switched off by hand', 'promote', 'proven', 'hold to 1/5 holding for flag, bake none, inconclusive'],
  ['killed when done', 'pause', 'none', 'refuse no-campaign'],
  ['killed when done', 'promote', 'none', 'refuse no-campaign'],
  ['killed when done', 'tick', 'none', 'stay, fail, ended'],
];

describe('decideCampaign', () => {
  test.each(TABLE)('in state "%s", command "%s" with verdict "%s": %s', (state, command, verdict, expected) => {
    expect(brief(decideCampaign(STATES[state], VERDICTS[verdict], COMMANDS[command]))).toBe(expected);
  });

  test('the table covers every command in every state', () => {
    const missing = Object.keys(STATES).flatMap((state) =>
      ['start', 'pause', 'resume', 'promote', 'abort', 'tick']
        .filter((kind) => !TABLE.some(([row, command]) => row === state && command.startsWith(kind)))
        .map((kind) => `${state}: ${kind}`),
    );
    // The next test covers the states without a lease.
    expect(missing.filter((line) => !/^(lease lapsed|held by another)/.test(line))).toEqual([]);
  });

  test.each(Object.keys(COMMANDS))('%s is refused if the lease has expired or another process holds it', (name) => {
    const command = Object.entries(COMMANDS).find(([key]) => key === name)?.[1] ?? COMMANDS.tick;
    expect(brief(decideCampaign(STATES['lease lapsed'], VERDICTS.proven, command))).toBe('refuse lease-lapsed');
    const told = decideCampaign(STATES['held by another'], VERDICTS.proven, command);
    expect(told).toMatchObject({ refusal: 'held-by-another', told: expect.stringContaining('bob@b/2') });
  });

  test('a passed last stage ends the campaign without a flag change', () => {
    const last = at({ stage: 4, percent: 100, bakingSince: SINCE }, { percent: 100 });
    expect(brief(decideCampaign(last, VERDICTS.proven, promote))).toBe('done to 4/100 done, bake none, pass');
  });

  test('only a start, a passed promotion or a forced promotion raises the percentage', () => {
    for (const [name, state] of Object.entries(STATES))
      for (const [verdictName, verdict] of Object.entries(VERDICTS))
        for (const [commandName, command] of Object.entries(COMMANDS)) {
          const decision = decideCampaign(state, verdict, command);
          if (decision.kind !== 'step' || decision.step.to.percent <= state.record.percent) continue;
          const allowed =
            verdictName === 'proven' || commandName === 'promote by force' || commandName.startsWith('start');
          expect(allowed, `${name}, ${commandName}, ${verdictName}`).toBe(true);
        }
  });

  test('only a release by a person switches a killed flag on', () => {
    for (const state of Object.values(STATES).filter(({ record }) => record.present.kill !== null))
      for (const verdict of Object.values(VERDICTS))
        for (const [name, command] of Object.entries(COMMANDS)) {
          const decision = decideCampaign(state, verdict, command);
          const flag = decision.kind === 'step' ? decision.step.flag : undefined;
          if (flag !== undefined && 'change' in flag && flag.change.enabled) expect(name).toMatch(/releasing$/);
        }
  });
});

describe('the message', () => {
  const told = (state: CampaignState, command: CampaignCommand, verdict?: Judged) =>
    decideCampaign(state, verdict, command).told;
  const pause = { kind: 'pause', why: 'lunch' } as const;
  const promote = { kind: 'promote' } as const;

  test('of a pause reports that the flag is killed or off', () => {
    expect(told(STATES.baking, pause)).toMatch(/^paused at 5 %: /);
    for (const killed of [STATES['killed while baking'], STATES['killed and seen']])
      expect(told(killed, pause)).toMatch(/^paused at 5 %, and the flag is killed .*`rollout resume --release-kill/);
    expect(told(STATES['switched off by hand'], pause)).toMatch(/^paused at 5 %, and the flag is off for everybody/);
  });

  test('of a finished campaign reports that its end was forced', () => {
    const last = at({ stage: 4, percent: 100, bakingSince: SINCE }, { percent: 100 });
    expect(told(last, promote, VERDICTS.proven)).toContain('its last stage has passed');
    const forced = told(last, { kind: 'promote', force: { why: 'a holiday' } }, VERDICTS['not proven']);
    expect(forced).toContain('forced by a person');
    expect(forced).not.toContain('passed');
  });

  test('of a decided bake does not call it on hold', () => {
    expect(told(STATES.baking, promote, VERDICTS['not proven'])).toMatch(/^the bake is over and proves nothing: /);
    expect(told(STATES.baking, promote, VERDICTS.failed)).toMatch(/^the bake failed: /);
    expect(told(STATES.baking, promote, VERDICTS.held)).toMatch(/^on hold: /);
  });

  test('for a flag other than the default names the flag in its commands', () => {
    const commands: CampaignCommand[] = [
      pause,
      promote,
      { kind: 'tick' },
      { kind: 'abort', why: 'x' },
      { kind: 'resume', why: '', releaseKill: false },
      { kind: 'start', why: '', releaseKill: false, instances: null },
    ];
    let hints = 0;
    for (const state of Object.values(STATES))
      for (const command of commands)
        for (const verdict of [undefined, ...Object.values(VERDICTS)]) {
          const record = { ...state.record, flag: 'another_flag' };
          for (const [hint] of told({ ...state, record }, command, verdict).matchAll(/`rollout [^`]+`/g)) {
            hints += 1;
            expect(hint).toMatch(/^`rollout \w+ --flag another_flag/);
          }
        }
    expect(hints).toBeGreaterThan(50);
  });
});
