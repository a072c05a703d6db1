import { parseTaskId } from '@phaselock/core';
import { expect, test } from 'vitest';
import { banner } from './banner.ts';

const taskId = parseTaskId('01900000-0000-7000-8000-000000000001');
const told = (file: string, shown: string | undefined): string =>
  banner({
    url: 'http://127.0.0.1:4700',
    tookMs: 900,
    database: 'an embedded one',
    auth: 'keys',
    key: { file, shown },
    taskId,
  });

test('shows a person the key and a command that contains it', () => {
  const text = told('/home/ada/.phaselock/api-key', 'plk_1');
  expect(text).toContain('plk_1   (kept in /home/ada/.phaselock/api-key)');
  expect(text).toContain("-H 'Authorization: Bearer plk_1'");
});

test('shows other readers only the file of the key and a command that reads it', () => {
  const text = told("/home/o'brien/api-key", undefined);
  expect(text).toContain("access      with the key in /home/o'brien/api-key");
  expect(text).toContain(String.raw`-H "Authorization: Bearer $(cat '/home/o'\''brien/api-key')"`);
});
