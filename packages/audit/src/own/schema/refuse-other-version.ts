import type { Row } from '../../check.ts';
import { OtherSchema } from '../../source.ts';
import { RELEASED_MIGRATIONS } from './migrated-schema.ts';
import { type NamedMigration, otherVersion } from './schema-version.ts';

const TABLE = "select (to_regclass('phaselock_migrations') is not null)::text as recorded";
const NEWEST = 'select version, name from phaselock_migrations order by version desc limit 1';

/**
 * Throws if the newest migration of the database is not the newest one of this release. The rules would then accuse a
 * correct history, or miss what the release of the database records in another way.
 */
export async function refuseOtherVersion(ask: (sql: string) => Promise<Row[]>): Promise<void> {
  const [table] = await ask(TABLE);
  const [newest] = table?.recorded === 'true' ? await ask(NEWEST) : [];
  const why = otherVersion(
    newest === undefined ? undefined : { version: Number(newest.version), name: newest.name ?? '' },
    RELEASED_MIGRATIONS.at(-1) ?? NONE,
  );
  if (why !== undefined) throw new OtherSchema(why);
}

const NONE: NamedMigration = { version: 0, name: 'no migration' };
