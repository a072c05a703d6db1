import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In the folder of a base backup: each of its files with its length and its SHA-256. No file of the cluster. */
export const MANIFEST = 'phaselock-manifest.json';
/** What pg_basebackup writes in its place; pg_verifybackup checks it. */
const MANIFEST_OF_POSTGRES = 'backup_manifest';

export type CopiedFile = {
  /** Relative to the data directory. */
  readonly path: string;
  readonly bytes: number;
  /** Of what was written, which may be more than the file had when the copy began. */
  readonly sha256: string;
};

type Manifest = { readonly files: readonly CopiedFile[] };

export const manifestText = (files: readonly CopiedFile[]): string => `${JSON.stringify({ files }, undefined, 1)}\n`;

/** Undefined for a backup by pg_basebackup, which has a manifest of another kind. */
export async function readManifest(backup: string): Promise<Manifest | undefined> {
  const path = join(backup, MANIFEST);
  if (!existsSync(path) && existsSync(join(backup, MANIFEST_OF_POSTGRES))) return undefined;
  const manifest: unknown = await readFile(path, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  if (!isManifest(manifest)) throw new Error(`${path} is missing or damaged: this is no whole base backup.`);
  return manifest;
}

/** What differs between the manifest and the files that were found, in words; nothing if all is as it was taken. */
export function damageOf({ files }: Manifest, found: readonly CopiedFile[]): string[] {
  const copies = new Map(found.map((file) => [file.path, file]));
  const wanted = new Set(files.map(({ path }) => path));
  return [
    ...files.flatMap(({ path, bytes, sha256 }) => {
      const copy = copies.get(path);
      if (copy === undefined) return [`${path} is missing`];
      if (copy.bytes !== bytes) return [`${path} has ${copy.bytes} bytes in the place of ${bytes}`];
      return copy.sha256 === sha256 ? [] : [`${path} has another checksum`];
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
