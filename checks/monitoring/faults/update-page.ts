import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

const PAGE = resolve(import.meta.dirname, '../../../docs/monitoring.md');
const BEGIN = '<!-- Of one run: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 faults -->';
const END = '<!-- End of the run. -->';

/** Replaces the table of an earlier run in docs/monitoring.md. */
export async function updatePage(table: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the faults`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
}
