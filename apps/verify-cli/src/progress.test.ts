import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { screenOf } from '../test/screen.ts';
import { progressOn } from './progress.ts';

function terminal() {
  const state = { text: '' };
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      state.text += String(chunk);
      done();
    },
  });
  return { stream, text: () => state.text };
}

test('the line of progress never shares a line with the report', async () => {
  const { stream, text } = terminal();
  const progress = progressOn(stream);
  const write = progress.beside(async (report) => void stream.write(report));
  await write('head\n');
  progress.show('1/2 turns');
  expect(screenOf(text())).toEqual(['head', '1/2 turns']);
  await write('{"findings":[');
  progress.show('2/2 archives');
  await write('1');
  progress.show('2/2 archives');
  await write(']}\n');
  expect(screenOf(text())).toEqual(['head', '{"findings":[1]}', '']);
  progress.show('again');
  progress[Symbol.dispose]();
  expect(screenOf(text())).toEqual(['head', '{"findings":[1]}', '']);
});

test('a name cannot act on the terminal', () => {
  const { stream, text } = terminal();
  progressOn(stream).show('\u001b[31mred\nline\u202e');
  expect(screenOf(text())).toEqual(['\\u{1b}[31mred\\u{a}line\\u{202e}']);
});
