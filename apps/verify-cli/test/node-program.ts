import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const [CURRENT] = process.versions.node.split('.');
const FETCH_TIMEOUT_MS = 300_000;

/**
 * The path of a Node program with the given version. The version that runs the tests is used as it is; others are
 * fetched as the npm package `node`, which npx keeps in its cache. Fails if that is not possible: a version that is
 * supported must be tested.
 */
export async function nodeProgram(version: string): Promise<string> {
  if (version.split('.')[0] === CURRENT) return process.execPath;
  const args = [
    '--yes',
    '--prefer-offline',
    '--package',
    `node@${version}`,
    '--',
    'node',
    '--print',
    'process.execPath',
  ];
  try {
    const { stdout } = await promisify(execFile)('npx', args, { timeout: FETCH_TIMEOUT_MS });
    return stdout.trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Node ${version} cannot be fetched from the npm registry, so the packed command is not tested with it: ${why}`,
      { cause: error },
    );
  }
}
