import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { attemptId, makeVibeKanban, processId, type VibeRun } from '../test/vibe-database.ts';
import { compareLogs, readLoggedChange } from './compare-logs.ts';
import { openVibeKanban } from './sources/vibe-kanban.ts';

const WORDS = 'Model changed between sessions, starting fresh to avoid context incompatibility';

test.each([
  [
    `{"message":"${WORDS}","task_attempt_id":"0199-AB","previous_variant":"SONNET","current_variant":null,"process_id":"p1"}`,
    { attemptId: '0199ab', processId: 'p1', previous: 'SONNET', current: null },
  ],
  [
    `{"message":"${WORDS}","task_attempt_id":"0199-AB","previous_variant":"SONNET","current_variant":"OPUS","phaselock.process_id":"p1"}`,
    { attemptId: '0199ab', processId: 'p1', previous: 'SONNET', current: 'OPUS' },
  ],
  [
    `2026-01-26T09:00:00Z  INFO server::routes: ${WORDS} task_attempt_id=0199ab previous_variant=Some("SONNET_DEF") current_variant=None`,
    { attemptId: '0199ab', processId: null, previous: 'SONNET_DEF', current: null },
  ],
  [
    `\u001b[2m2026-01-26T09:00:00Z\u001b[0m \u001b[32m INFO\u001b[0m \u001b[2mserver::routes\u001b[0m: ${WORDS} \u001b[3mtask_attempt_id\u001b[0m\u001b[2m=\u001b[0m0199ab \u001b[3mprevious_variant\u001b[0m\u001b[2m=\u001b[0mSome("SONNET_DEF") \u001b[3mcurrent_variant\u001b[0m\u001b[2m=\u001b[0mNone`,
    { attemptId: '0199ab', processId: null, previous: 'SONNET_DEF', current: null },
  ],
  [
    `Model changed between sessions, \u001b[1mstarting fresh\u001b[0m to avoid context incompatibility \u001b[3mtask_attempt_id\u001b[0m=0199ab`,
    { attemptId: '0199ab', processId: null, previous: null, current: null },
  ],
  [`${WORDS}`, undefined],
  ['{"message":"something else","task_attempt_id":"0199ab"}', undefined],
])('reads the change from the line %s', (line, expected) => {
  expect(readLoggedChange(line)).toEqual(expected);
});

const PROFILES = {
  executors: {
    CLAUDE_CODE: {
      DEFAULT: { CLAUDE_CODE: { model: 'claude-opus-4-5' } },
      SONNET: { CLAUDE_CODE: { model: 'claude-sonnet-4-5' } },
    },
  },
};
const CHANGED: readonly VibeRun[] = [{ variant: 'SONNET' }, { variant: 'SONNET', passed: 's-0' }, {}];

async function faultsWith(
  lines: readonly string[],
  { runs = CHANGED, withProfiles = true }: { readonly runs?: readonly VibeRun[]; readonly withProfiles?: boolean } = {},
): Promise<string[]> {
  await using directory = await temporaryDirectory();
  const [path, profiles] = [join(directory.path, 'db.sqlite'), join(directory.path, 'profiles.json')];
  makeVibeKanban(path, runs);
  writeFileSync(profiles, JSON.stringify(PROFILES));
  await using source = openVibeKanban({
    path,
    profiles: withProfiles ? profiles : undefined,
    wanted: { kind: 'all' },
  });
  const read = async function* () {
    yield* lines;
  };
  const found: string[] = [];
  for await (const { rule, subject } of compareLogs(source, read())) found.push(`${rule} ${subject.id}`);
  return found;
}

const line = (attempt: string): string =>
  `INFO ${WORDS} task_attempt_id=${attempt} previous_variant=SONNET current_variant=DEFAULT`;

test('SV108 reports a change without a log line, and a log line without a change', async () => {
  expect(await faultsWith(['noise', line(attemptId(1))])).toEqual([]);
  expect(await faultsWith(['noise'])).toEqual([`SV108 ${processId(2)}`]);
  expect(await faultsWith([line(attemptId(1)), line(attemptId(1))])).toEqual([`SV108 ${attemptId(1)}`]);
});

test('SV108 reports neither a line nor a missing one where it is unknown whether the model changed', async () => {
  const how = { withProfiles: false };
  expect(await faultsWith(['noise'], how)).toEqual([]);
  expect(await faultsWith([line(attemptId(1))], how)).toEqual([]);
  expect(await faultsWith([line(attemptId(1)), line(attemptId(1))], how)).toEqual([`SV108 ${attemptId(1)}`]);
});

test('SV108 reports a line for a fresh start with the same model, unless it had another reason', async () => {
  const same: readonly VibeRun[] = [{}, {}];
  expect(await faultsWith([], { runs: same })).toEqual([]);
  expect(await faultsWith([line(attemptId(1))], { runs: same })).toEqual([`SV108 ${attemptId(1)}`]);
  const dropped: readonly VibeRun[] = [{ dropped: true, variant: 'SONNET' }, {}];
  expect(await faultsWith([], { runs: dropped })).toEqual([]);
  expect(await faultsWith([line(attemptId(1))], { runs: dropped })).toEqual([]);
});
