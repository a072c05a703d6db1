import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file in the folder of a base backup that lists each other file with its length and SHA-256. */
export const MANIFEST = 'phaselock-manifest.json';
/** The manifest that pg_basebackup writes instead; pg_verifybackup checks it. */
const MANIFEST_OF_POSTGRES = 'backup_manifest';

export type CopiedFile = {
  /** Relative to the data directory. */
  readonly path: string;
  readonly bytes: number;
  /** The checksum of the bytes written, which may be more than the file had when the copy began. */
  readonly sha256: string;
};

type Manifest = { readonly files: readonly CopiedFile[] };

export const manifestText = (files: readonly CopiedFile[]): string => `${JSON.stringify({ files }, undefined, 1)}\n`;

/** Returns undefined for a backup by pg_basebackup, which has its own kind of manifest. */
export async function readManifest(backup: string): Promise<Manifest | undefined> {
  const path = join(backup, MANIFEST);
  if (!existsSync(path) && existsSync(join(backup, MANIFEST_OF_POSTGRES))) return undefined;
  const manifest: unknown = await readFile(path, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  if (!isManifest(manifest)) throw new Error(`${path} is missing or damaged: this is not a complete base backup.`);
  return manifest;
}

/** Describes each difference between the manifest and the files that were found. */
export function damageOf({ files }: Manifest, found: readonly CopiedFile[]): string[] {
  const copies = new Map(found.map((file) => [file.path, file]));
  const wanted = new Set(files.map(({ path }) => path));
  return [
    ...files.flatMap(({ path, bytes, sha256 }) => {
      const copy = copies.get(path);
      if (copy === undefined) return [`${path} is missing`];
      if (copy.bytes !== bytes) return [`${path} has ${copy.bytes} bytes instead of ${bytes}`];
      return copy.sha256 === sha256 ? [] : [`${path} has a different checksum`];
    }),
    ...found.flatMap(({ path }) => (wanted.has(path) ? [] : [`${path} is not in the manifest`])),
  ];
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null || !('files' in value) || !Array.isArray(value.files)) return false;
  return value.files.length > 0 && value.files.every(isFile);
}

const isFile = (value: unknown): value is CopiedFile =>
  typeof value === 'object' &&
  value !== null &&
  'path' in value &&
  typeof value.path === 'string' &&
  'bytes' in value &&
  typeof value.bytes === 'number' &&
  'sha256' in value &&
  typeof value.sha256 === 'string';
