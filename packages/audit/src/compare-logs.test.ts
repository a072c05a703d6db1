import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { attemptId, makeVibeKanban, processId } from '../test/vibe-database.ts';
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
  [`${WORDS}`, undefined],
  ['{"message":"something else","task_attempt_id":"0199ab"}', undefined],
])('reads the change from the line %s', (line, expected) => {
  expect(readLoggedChange(line)).toEqual(expected);
});

async function faultsWith(lines: readonly string[]): Promise<string[]> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'db.sqlite');
  makeVibeKanban(path, [{ variant: 'SONNET' }, { variant: 'SONNET', passed: 's-0' }, {}]);
  await using source = openVibeKanban({ path, profiles: undefined, wanted: { kind: 'all' } });
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
