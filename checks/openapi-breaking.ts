import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compareDocuments, type OpenApiDocument } from '@phaselock/contract';

/** Compares docs/openapi.json with that of a commit and prints the changes. With --fail, breaking ones fail the run. */
const ROOT = resolve(import.meta.dirname, '..');
const DOCUMENT = 'docs/openapi.json';
const { values, positionals } = parseArgs({
  options: { fail: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [base = 'HEAD~1'] = positionals;

const read = (text: string): OpenApiDocument => JSON.parse(text);
const { status, stdout } = spawnSync('git', ['show', `${base}:${DOCUMENT}`], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 50_000_000,
});
if (status !== 0) {
  console.log(`${base} has no ${DOCUMENT}: nothing to compare with`);
} else {
  const { breaking, other } = compareDocuments(read(stdout), read(readFileSync(join(ROOT, DOCUMENT), 'utf8')));
  for (const { where, what } of breaking) console.log(`breaking  ${where}  ${what}`);
  for (const { where, what } of other) console.log(`          ${where}  ${what}`);
  console.log(`${DOCUMENT} against ${base}: ${breaking.length} breaking, ${other.length} other changes`);
  process.exitCode = values.fail && breaking.length > 0 ? 1 : 0;
}
