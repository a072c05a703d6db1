import { type Check, finding, type Row } from '../../check.ts';
import { RELEASED_MIGRATIONS } from './migrated-schema.ts';
import { numberOf } from './schema-version.ts';

const released = RELEASED_MIGRATIONS.map(
  ({ version, name, checksum }) => `(${version}, '${name}', '${checksum}')`,
).join(', ');

/**
 * Compares the recorded migrations with the released ones. A database whose newest migration is another one is refused
 * before.
 */
export const migrationsCheck: Check = {
  name: 'migrations',
  rules: ['SV303'],
  sql: `
    select coalesce(r.version, m.version) as version, r.name as released_name, r.checksum as released_checksum, m.name, m.checksum
    from (values ${released}) as r(version, name, checksum)
    full join phaselock_migrations m on m.version = r.version
    where r.name is distinct from m.name or r.checksum is distinct from m.checksum`,
  read: (row) => [
    finding('SV303', row, {
      kind: 'object',
      id: `migration ${numberOf(Number(row.version))}`,
      message: faultOf(row),
      expected: described(row.released_name, row.released_checksum),
      actual: described(row.name, row.checksum),
    }),
  ],
};

function faultOf({ name, checksum, released_name, released_checksum }: Row): string {
  if (name == null) return `it is not recorded as applied, but later migrations are: ${released_name}`;
  if (released_name == null) return `it is recorded as applied, but was never released: ${name}`;
  if (name !== released_name) return `it is recorded as ${name}; the released one is ${released_name}`;
  return `its text when it was applied was not the released one: sha256 ${checksum}, released ${released_checksum}`;
}

const described = (name: string | null | undefined, checksum: string | null | undefined): string | null =>
  name == null ? null : `${name}, sha256 ${checksum}`;
