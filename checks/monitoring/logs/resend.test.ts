import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { answerBulks, type BulkAnswer } from './answer-bulk.ts';
import { logTools } from './log-tools.ts';
import { openRsyslog } from './open-rsyslog.ts';

const tools = logTools();
const busy = (status: number): BulkAnswer => ({ status, error: { type: 'busy', reason: 'too many requests' } });
const line = (message: string) => ({
  message,
  'event.dataset': 'phaselock.api',
  'service.environment': 'proof',
});

describe.skipIf(tools.kind === 'none')('rsyslog', () => {
  test('resends lines that the index was too busy for under the same id, and keeps only refused lines', async () => {
    if (tools.kind === 'none') return;
    await using folder = await temporaryDirectory();
    const logs = join(folder.path, 'logs');
    await mkdir(logs);
    const answers: Record<string, readonly BulkAnswer[]> = {
      'taken at once': [{ status: 201 }],
      'taken late': [busy(429), busy(503), { status: 201 }],
      'taken, and the answer lost': [busy(503), { status: 409, error: { type: 'conflict', reason: 'exists' } }],
      refused: [{ status: 400, error: { type: 'strict_dynamic_mapping_exception', reason: 'no "origin" allowed' } }],
    };
    await using index = await answerBulks(
      ({ message }, times) => answers[String(message)]?.[times] ?? { status: 418, error: { type: 'x', reason: 'x' } },
    );
    const lines = Object.keys(answers).map(line);
    await writeFile(join(logs, 'api.log'), lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
    await using shipper = await openRsyslog({ root: tools.rsyslog, logs, folder: folder.path, port: index.port });
    const refused = join(logs, 'refused.json');
    const sent = (message: string) =>
      index.sent.filter(({ document }) => JSON.stringify(document).includes(`"${message}"`));
    await eventually(
      () =>
        Object.entries(answers).every(([message, all]) => sent(message).length === all.length) && existsSync(refused),
      { withinMs: 30_000, everyMs: 100 },
    );
    expect(shipper.running()).toBe(true);
    for (const one of lines) {
      expect(new Set(sent(one.message).map(({ id }) => id)).size).toBe(1);
      expect(sent(one.message).map(({ document }) => document)).toEqual(answers[one.message]?.map(() => one));
    }
    const kept = (): string => readFileSync(refused, 'utf8');
    await eventually(() => kept().endsWith('\n'));
    expect(JSON.parse(kept())).toMatchObject({
      answer: { status: 400, error: { reason: 'no "origin" allowed' } },
      line: line('refused'),
    });
  });
});
