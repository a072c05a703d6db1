import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of the first of these programs found on the PATH. */
export function findProgram(names: readonly string[], { PATH: path = '' }: NodeJS.ProcessEnv): string | undefined {
  const folders = path.split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
}
