import { type OpenedSeal, openSeal } from '@phaselock/audit';
import type { Against } from './evidence-arguments.ts';
import { readVerifyingKey } from './key-files.ts';
import { openSealFile } from './seal-files.ts';

/** Checks the signature and the heads of the seal with which the audit compares the history. */
export async function openAgainst({ seal, publicKey }: Against): Promise<OpenedSeal> {
  const key = await readVerifyingKey(publicKey);
  const { note, heads } = await openSealFile('--against', seal);
  return await openSeal(note, key, heads);
}
