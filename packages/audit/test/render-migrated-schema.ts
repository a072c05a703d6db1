import type { ReleasedMigration } from '../src/own/schema/migrated-schema.ts';
import { type FoundObject, MADE_KINDS, nameOf } from '../src/own/schema/schema-object.ts';

/** The text of migrated-schema.json. Throws if the migrations made an object that the audit would report. */
export function renderMigratedSchema(migrations: readonly ReleasedMigration[], found: readonly FoundObject[]): string {
  const known: readonly string[] = MADE_KINDS;
  const odd = found.filter(({ kind, flaw }) => !known.includes(kind) || flaw !== null);
  if (odd.length > 0) throw new Error(`the migrations made what the audit reports: ${odd.map(nameOf).join(', ')}`);
  const objects = MADE_KINDS.map((kind) => [kind, Object.fromEntries(entriesOf(found, kind))] as const);
  return `${JSON.stringify({ migrations, objects: Object.fromEntries(objects) }, null, 2)}\n`;
}

/** In the order of the keys' code units, which no locale changes. */
const entriesOf = (found: readonly FoundObject[], kind: string): [string, string | string[]][] =>
  found
    .filter((one) => one.kind === kind)
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, definition }) => [key, definition.includes('\n') ? definition.split('\n') : definition]);
