/** A migration as messages name it. */
export type NamedMigration = { readonly version: number; readonly name: string };

/**
 * Why a database cannot be audited by this release: its newest migration, if it has any, is not the newest one that
 * this release knows. Undefined if it is.
 */
export function otherVersion(newest: NamedMigration | undefined, known: NamedMigration): string | undefined {
  if (newest === undefined)
    return `this database records no migration in phaselock_migrations, so its version is unknown; this auditor knows ${shown(known)}`;
  if (newest.version === known.version) return undefined;
  const both = `this database is at ${shown(newest)}; this auditor knows ${shown(known)}`;
  return newest.version < known.version
    ? `${both}: run the migrations, or audit it with the release that it belongs to`
    : `${both}: audit it with the release that it belongs to`;
}

/** The number of a migration as in the name of its file. */
export const numberOf = (version: number): string => String(version).padStart(4, '0');

const shown = ({ version, name }: NamedMigration): string => `${numberOf(version)} (${name})`;
