import { wrapped } from '@phaselock/core';
import { expect, test } from 'vitest';
import { humanReporter } from './human.ts';

test('the human report escapes control characters', async () => {
  const written: string[] = [];
  const write = async (text: string): Promise<void> => void written.push(text);
  await humanReporter(write, { colours: false, quiet: false }).open({
    release: '1.2.3',
    source: 'a database named \u001b[2J\u202enimda',
    notes: ['a branch \r\nOK'],
    asked: 'everything',
    timeline: undefined,
  });
  expect(written.join('')).toContain('\\u{1b}[2J\\u{202e}nimda');
  expect(wrapped('task a\u009b31m\nOK', '  ')).toEqual(['  task a\\u{9b}31m\\u{a}OK']);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
  expect(written.join('')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});
