import { type OpenedSeal, openSeal, readSeal, type Wanted } from '@phaselock/audit';
import type { SealChoice } from './evidence-arguments.ts';
import { readText, readVerifyingKey } from './key-files.ts';
import { openSealFile } from './seal-files.ts';

/** Checks the signature and the heads of the seal with which the audit compares the history. */
export async function openAgainst({ seal, publicKey }: SealChoice): Promise<OpenedSeal> {
  const key = await readVerifyingKey(publicKey);
  const { note, heads } = await openSealFile('--against', seal);
  return await openSeal(note, key, heads);
}

/** The scope of an audit that begins after a seal. Its heads are not needed. */
export async function wantedSince({ seal, publicKey }: SealChoice): Promise<Wanted> {
  const note = await readText('--since-seal', seal);
  return { kind: 'since-seal', seal: readSeal(note, await readVerifyingKey(publicKey)) };
}
