import { checkProof, prove, SourceFailure } from '@phaselock/audit';
import { openSource } from '../choose-source.ts';
import { EXIT } from '../exit-code.ts';
import { toFile } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import type { ProveCommand } from './evidence-arguments.ts';
import { readText, readVerifyingKey } from './key-files.ts';
import type { Telling } from './seal-commands.ts';
import { openSealFile } from './seal-files.ts';

/** Writes a proof of the events that a session had when the seal was made. */
export async function proveSession(command: ProveCommand, telling: Telling): Promise<number> {
  const { env, ended, print, complain, toTerminal } = telling;
  const { sessionId, database, output } = command;
  // A proof contains texts of users and agents byte for byte, so their escape sequences cannot be made visible.
  if (output === undefined && toTerminal) throw new UsageError('prove needs -o: a proof is not shown on a terminal');
  const sealed = await openSealFile('--seal', command.seal);
  await using source = await openSource({ database, wanted: { kind: 'all' } }, env, ended);
  const { evidence } = source;
  if (evidence === undefined) throw new SourceFailure('this source has no event chains');
  const proved = await prove({ evidence, sessionId, ...sealed });
  if (proved.kind === 'altered') {
    complain(`session ${sessionId} is not as it was sealed: ${proved.why}`);
    return EXIT.findings;
  }
  if (output === undefined) print(proved.proof);
  else {
    await using file = await toFile(output, ended);
    await file.write(proved.proof);
    await file.finish();
  }
  return EXIT.ok;
}

/** Checks a proof without a database. */
export async function checkProofFile(
  { proof, publicKey }: { readonly proof: string; readonly publicKey: string },
  { print, complain }: Telling,
): Promise<number> {
  const key = await readVerifyingKey(publicKey);
  const checked = checkProof(await readText('check-proof', proof), key);
  if (checked.kind === 'refused') {
    complain(`the proof is refused: ${checked.why}`);
    return EXIT.findings;
  }
  const { head, seal } = checked;
  print(
    `accepted: session ${head.sessionId} of task ${head.taskId} had these ${head.length} events when the seal was made, at ${seal.created}\n`,
  );
  return EXIT.ok;
}
