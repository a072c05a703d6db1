import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { PLANTED, plantedTable } from '../test/planted/index.ts';

const PAGE = resolve(import.meta.dirname, '../../../docs/verify-sessions.md');
const [BEGIN, END] = ['<!-- planted corruptions: begin -->', '<!-- planted corruptions: end -->'];
const HOW = 'Generated: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/audit/src/planted-table';

test('docs/verify-sessions.md lists every planted corruption with its rule', () => {
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the table`);
  const made = `${before}${BEGIN}\n\n${plantedTable(PLANTED)}\n\n${END}${after}`;
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(PAGE, made);
  expect(readFileSync(PAGE, 'utf8'), HOW).toBe(made);
});
