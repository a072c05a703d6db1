import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { expect, it } from 'vitest';

const FULL = '/dev/full';
const LOGGER = new URL('./logger.ts', import.meta.url).href;
const PROGRAM = `
  const { createLogger } = await import(${JSON.stringify(LOGGER)});
  const logger = createLogger({ service: 'a-test' });
  for (const line of ['one', 'two', 'three']) {
    logger.info(line);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  process.stderr.write('went on');
`;

it.runIf(existsSync(FULL))('a log on a full disk neither ends nor blocks the process', async () => {
  await using full = await open(FULL, 'w');
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], { stdio: ['ignore', full.fd, 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect({ code, said }).toEqual({ code: 0, said: 'went on' });
});
