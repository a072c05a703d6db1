import { SourceFailure } from '../source.ts';
import type { Evidence } from './evidence.ts';
import { whyNotComparable } from './seal-fits.ts';
import { headsDiffer, parseSeal, type Seal } from './seal-text.ts';
import { noteText, openNote, type VerifyingKey } from './signed-note.ts';
import { HeadsFailure, sumHeads } from './sum-heads.ts';

/** A seal whose signature and heads were checked, and its heads, which can be read several times. */
export type OpenedSeal = { readonly seal: Seal; heads(): AsyncIterable<string> };

/** Rejects if the seal cannot be compared with this database in this snapshot. */
export async function demandComparable(evidence: Evidence, seal: Seal): Promise<void> {
  const why = whyNotComparable(seal, await evidence.state());
  if (why !== undefined) throw new SourceFailure(why);
}

/** Reads the seal in a note. Its signature is checked if a key is given. */
export function readSeal(note: string, key: VerifyingKey | undefined): Seal {
  const text = key === undefined ? noteText(note) : openNote(note, key);
  if (key !== undefined && text === undefined && noteText(note) !== undefined)
    throw new SourceFailure(`the seal is not signed by the key ${key.name}, or was changed after it was signed`);
  const seal = text === undefined ? undefined : parseSeal(text);
  if (seal === undefined) throw new SourceFailure('this file is not a seal, or has a format of a later release');
  return seal;
}

/** Checks a seal and reads its heads once, to see whether they are the sealed ones. */
export async function openSeal(
  note: string,
  key: VerifyingKey,
  heads: () => AsyncIterable<string>,
): Promise<OpenedSeal> {
  const seal = readSeal(note, key);
  const sum = sumHeads();
  try {
    for await (const line of heads()) sum.add(line);
  } catch (error) {
    if (error instanceof HeadsFailure) throw new SourceFailure(`the heads of the seal are damaged: ${error.message}`);
    throw error;
  }
  if (headsDiffer(seal, sum.finish()))
    throw new SourceFailure('the heads beside the seal are damaged, or belong to another seal');
  return { seal, heads };
}
