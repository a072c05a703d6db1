import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import {
  formatSeal,
  formatSigningKey,
  formatVerifyingKey,
  makeSeal,
  newSigningKey,
  RIGHTS_TO_READ_CLUSTER,
  readSeal,
  type Seal,
  type SigningKey,
  SourceFailure,
  signNote,
  verifyingKeyOf,
} from '@phaselock/audit';
import { type Environment, openSource } from '../choose-source.ts';
import { EXIT } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import type { SealCommand } from './evidence-arguments.ts';
import { readSigningKey, readText } from './key-files.ts';
import { takeName, writeSeal } from './seal-files.ts';

export type Telling = {
  readonly env: Environment;
  /** Aborted when the command is told to end. */
  readonly ended: AbortSignal;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Standard output is a terminal, which obeys the control characters in what it is sent. */
  readonly toTerminal: boolean;
  /** Writes a message to standard error. */
  readonly complain: (text: string) => void;
};

/** Makes a key. The private key is written to a file that only its owner can read, or printed. */
export async function makeKey(name: string, output: string | undefined, { print }: Telling): Promise<number> {
  const key = newKey(name);
  const [secret, shown] = [formatSigningKey(key), formatVerifyingKey(verifyingKeyOf(key))];
  if (output === undefined) {
    print(`${secret}\n${shown}\n`);
    return EXIT.ok;
  }
  // Before the private key is written: a second try could not write it again.
  if (existsSync(`${output}.pub`)) throw new UsageError(`-o: ${output}.pub exists already`);
  await writeNew(output, secret, 0o600);
  await writeNew(`${output}.pub`, shown, 0o644);
  print(`${shown}\n`);
  return EXIT.ok;
}

function newKey(name: string): SigningKey {
  try {
    return newSigningKey(name);
  } catch (error) {
    throw new UsageError(`seal-key: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** An existing key is never overwritten: seals that were signed with it could not be checked any more. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await writeFile(path, `${text}\n`, { flag: 'wx', mode }).catch((error: Error) => {
    throw new UsageError(`-o: ${error.message}`);
  });
}

/** Signs the present history. */
export async function sealHistory(command: SealCommand, telling: Telling): Promise<number> {
  const { output, database } = command;
  const key = await readSigningKey(command.key, telling.env);
  const previous = command.previous === undefined ? undefined : await readPrevious(command.previous, key);
  await takeName(output, telling.complain);
  await using source = await openSource({ database, wanted: { kind: 'all' } }, telling.env, telling.ended);
  const { evidence } = source;
  if (evidence === undefined) throw new SourceFailure('this source has no event chains');
  if (previous !== undefined && previous.database !== (await evidence.state()).database)
    throw new SourceFailure(`${command.previous} is a seal of another database`);
  const seal = await writeSeal(output, makeSeal(evidence, previous), (made) => signNote(formatSeal(made), key));
  if (seal.unchained > 0)
    telling.complain(
      `${seal.unchained} events are not chained yet, and this seal does not cover them; the purge worker chains them`,
    );
  if (seal.cluster === undefined)
    telling.complain(
      `this seal does not name its PostgreSQL cluster, so --since-seal cannot notice a restore: to read it, a role needs ${RIGHTS_TO_READ_CLUSTER}`,
    );
  telling.print(
    `sealed ${seal.sessions} sessions, ${seal.slots} slots and ${seal.events} events at ${seal.created}\n` +
      `Keep ${output} and ${output}.heads.gz outside of this machine.\n`,
  );
  return EXIT.ok;
}

async function readPrevious(path: string, key: SigningKey): Promise<Seal> {
  return readSeal(await readText('--previous', path), verifyingKeyOf(key));
}
