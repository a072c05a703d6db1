import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@phaselock/telemetry';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { endedWorkers } from './ended-workers.ts';

test('endedWorkers finds ended and silent workers in the log of an API', async () => {
  await using folder = await temporaryDirectory();
  const lines: string[] = [];
  const logger = createLogger({
    service: 'phaselock-api',
    version: '0.0.0',
    environment: 'default',
    destination: { write: (line) => void lines.push(line) },
  });
  logger.info({ 'event.action': 'worker-started', 'phaselock.worker.number': 1 }, 'worker 1 answers');
  logger.error({ 'event.action': 'worker-silent', 'phaselock.worker.number': 1 }, 'worker 1 has done nothing');
  logger.error({ 'event.action': 'worker-ended', 'phaselock.worker.number': 1 }, 'worker 1 ended (SIGKILL)');
  const log = join(folder.path, 'api-0.log');
  await writeFile(log, lines.join(''));
  expect(await endedWorkers('api-0', log)).toEqual([
    'api-0: worker 1 has done nothing',
    'api-0: worker 1 ended (SIGKILL)',
  ]);
  expect(await endedWorkers('api-1', join(folder.path, 'api-1.log'))).toEqual([]);
});
