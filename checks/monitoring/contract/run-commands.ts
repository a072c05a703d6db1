import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Command } from './blocks-of-runbooks.ts';
import { ROOT } from './find-queries.ts';

const SECONDS = 60;

type Ran = { readonly code: number; readonly said: string };

/** A shell in the start directory of the product, with values for the variables of the runbooks. */
export type Shell = { run(command: string): Promise<Ran> };

export async function openShell(folder: string, variables: Readonly<Record<string, string>>): Promise<Shell> {
  const programs = join(folder, 'programs');
  await mkdir(programs);
  const npx = join(programs, 'npx');
  await writeFile(npx, NPX);
  await chmod(npx, 0o755);
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PHASELOCK_'))),
    ...variables,
    PATH: `${programs}${delimiter}${process.env.PATH ?? ''}`,
  };
  return {
    run: (command) =>
      new Promise((resolve) => {
        const shell = ['-eu', '-c', command];
        execFile('bash', shell, { cwd: folder, env, timeout: SECONDS * 1_000 }, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, said: `${stdout}${stderr}`.slice(-2_000) });
        });
      }),
  };
}

/** Runs the script of package.json that `npx pnpm@12 name …` names, without the start time of npx and pnpm. */
const NPX = `#!/usr/bin/env bash
set -eu
if [ "$1" != pnpm@12 ]; then echo "the runbooks use npx only for pnpm@12" >&2; exit 70; fi
cd '${ROOT}'
script="$(node -p 'JSON.parse(require("fs").readFileSync("package.json")).scripts[process.argv[1]] ?? ""' "$2")"
if [ -z "$script" ]; then echo "package.json has no script $2" >&2; exit 71; fi
shift 2
PATH='${ROOT}/node_modules/.bin':"$PATH" exec sh -c "$script \\"\\$@\\"" pnpm "$@"
`;

/** Runs each distinct command once. Returns a message for each place where its exit code is not the expected one. */
export async function runCommands(commands: readonly Command[], shell: Shell): Promise<string[]> {
  const wrong: string[] = [];
  for (const [command, places] of Map.groupBy(commands, ({ command: text }) => text)) {
    const { code, said } = await shell.run(command);
    for (const { file, line, code: expected } of places)
      if (code !== expected) wrong.push(`${file}:${line}: ended with ${code}, not ${expected}: ${command}\n${said}`);
  }
  return wrong;
}
