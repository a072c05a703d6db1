import { type Check, finding } from '../../check.ts';
import { compareSchemas } from './compare-schemas.ts';
import { MIGRATED_OBJECTS } from './migrated-schema.ts';
import { objectsIn, schemaSql } from './read-schema.ts';

const namesOf = (kinds: readonly string[]): string[] =>
  MIGRATED_OBJECTS.filter(({ kind }) => kinds.includes(kind)).map(({ key }) => key);

/** Compares the definitions in the catalogs with the ones that the migrations made. */
export const schemaCheck: Check = {
  name: 'schema',
  rules: ['SV303'],
  sql: schemaSql({
    relations: namesOf(['table', 'view', 'type']),
    // With all their overloads.
    functions: [...new Set(namesOf(['function']).map((key) => key.slice(0, key.indexOf('('))))],
  }),
  read: (row) =>
    compareSchemas(MIGRATED_OBJECTS, objectsIn(row.objects)).map(({ object, ...told }) =>
      finding('SV303', row, { kind: 'object', id: object, ...told }),
    ),
};
