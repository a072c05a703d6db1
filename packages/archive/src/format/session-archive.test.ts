import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { archiveJsonSchema } from './session-archive.ts';

test('docs/archive.schema.json matches the archive schema', () => {
  const file = resolve(import.meta.dirname, '../../../../docs/archive.schema.json');
  const schema = `${JSON.stringify(archiveJsonSchema(), null, 2)}\n`;
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(file, schema);
  expect(readFileSync(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/archive/src/format').toBe(
    schema,
  );
});
