import migrated from './migrated-schema.json' with { type: 'json' };
import { MADE_KINDS, type MadeKind, type SchemaObject } from './schema-object.ts';

export type ReleasedMigration = { readonly version: number; readonly name: string; readonly checksum: string };

/** The migrations of this release, with the sha256 of their texts, in order. */
export const RELEASED_MIGRATIONS: readonly ReleasedMigration[] = migrated.migrations;

/** A definition of several lines is stored line by line. */
type Stored = Readonly<Record<MadeKind, Readonly<Record<string, string | readonly string[]>>>>;
const STORED: Stored = migrated.objects;

/** Everything that the migrations make, as PostgreSQL prints it afterwards. */
export const MIGRATED_OBJECTS: readonly SchemaObject[] = MADE_KINDS.flatMap((kind) =>
  Object.entries(STORED[kind]).map(([key, definition]) => ({
    kind,
    key,
    definition: typeof definition === 'string' ? definition : definition.join('\n'),
  })),
);
