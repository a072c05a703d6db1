import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join, resolve } from 'node:path';

const VERIFY = resolve(import.meta.dirname, '../apps/verify-cli/src/main.ts');

export type Audit = { readonly exitCode: number | null; readonly summary: string };

/**
 * Runs the audit CLI as a user does. On a mutant it leaves out the comparison of the schema (SV303), because a campaign
 * must detect what the missing guard caused.
 */
export async function verifySessions(
  { env }: { readonly env: NodeJS.ProcessEnv },
  { folder, mutant }: { readonly folder: string; readonly mutant: boolean },
): Promise<Audit> {
  const child = spawn(process.execPath, [VERIFY, '--all', ...(mutant ? ['--skip', 'SV303'] : [])], {
    env: { ...process.env, ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const file = createWriteStream(join(folder, 'verify-sessions.txt'));
  let told = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      file.write(chunk);
      told = `${told}${chunk.toString()}`.slice(-2_000);
    });
  }
  const exitCode = await new Promise<number | null>((done) => child.once('close', done));
  file.end();
  return { exitCode, summary: told.trim().split('\n').at(-1) ?? '' };
}
