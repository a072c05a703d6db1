import { type FoundObject, type SchemaObject, splitKey } from './schema-object.ts';

/**
 * Statements that give an object back the definition of the migrations; null where this needs more than the catalogs
 * tell. PostgreSQL refuses them if rows were written that the object forbids.
 */
export function repairOf(one: SchemaObject, there: FoundObject | undefined): string | null {
  const { table, own } = splitKey(one);
  const changed = there !== undefined && there.definition !== one.definition;
  switch (one.kind) {
    case 'index':
      // Concurrently, so that the service keeps writing.
      if (there === undefined) return one.definition.replace(' INDEX ', ' INDEX CONCURRENTLY ');
      return changed ? `DROP INDEX ${own}; ${one.definition}` : `REINDEX INDEX CONCURRENTLY ${own}`;
    case 'constraint': {
      const add = `ADD CONSTRAINT ${own} ${one.definition}`;
      if (there === undefined) return `ALTER TABLE ${table} ${add}`;
      if (changed) return `ALTER TABLE ${table} DROP CONSTRAINT ${own}, ${add}`;
      return there.flaw === 'unchecked' ? `ALTER TABLE ${table} VALIDATE CONSTRAINT ${own}` : null;
    }
    case 'trigger':
      if (there === undefined) return one.definition;
      return changed
        ? `DROP TRIGGER ${own} ON ${table}; ${one.definition}`
        : `ALTER TABLE ${table} ENABLE TRIGGER ${own}`;
    default:
      return null;
  }
}
