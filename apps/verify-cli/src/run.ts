import { type AuditRecord, demandComparable, NotFound, recordAudit, SourceFailure } from '@phaselock/audit';
import { visibleLines, visibleText, wantsColours } from '@phaselock/core';
import { openArchive } from './choose-archive.ts';
import { openSource } from './choose-source.ts';
import { openAgainst, wantedSince } from './evidence/chosen-seals.ts';
import { checkProofFile, proveSession } from './evidence/proof-commands.ts';
import { makeKey, sealHistory, type Telling } from './evidence/seal-commands.ts';
import { EXIT } from './exit-code.ts';
import { explain, ruleList } from './explain.ts';
import { collectedReporter } from './formats/collected.ts';
import { githubReporter } from './formats/github.ts';
import { humanReporter } from './formats/human.ts';
import { jsonReporter, ndjsonReporter } from './formats/json.ts';
import { junit } from './formats/junit.ts';
import { sarif } from './formats/sarif.ts';
import { OutputFailure, toFile, toStandardOutput } from './output.ts';
import { readArguments, USAGE, UsageError, type Verify } from './read-arguments.ts';
import type { Reporter, Write } from './report.ts';
import { reportJsonSchema } from './report-schema.ts';
import { type Audited, verify } from './verify.ts';

/** The part of its process that a command uses. */
export type Surroundings = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly release: string;
};

/** Runs one command and returns its exit code. Failures are printed to standard error. */
export async function run({ argv, env, stdout, stderr, release }: Surroundings): Promise<number> {
  const complain = (text: string): void => void stderr.write(`verify-sessions: ${visibleLines(text)}\n`);
  const telling: Telling = { env, complain, print: (text) => void stdout.write(text) };
  try {
    const command = readArguments(argv);
    switch (command.kind) {
      case 'help':
        stdout.write(`${USAGE}\n`);
        return EXIT.ok;
      case 'rules':
        stdout.write(ruleList());
        return EXIT.ok;
      case 'explain':
        stdout.write(explain(command.rule));
        return EXIT.ok;
      case 'schema':
        stdout.write(reportJsonSchema());
        return EXIT.ok;
      case 'seal-key':
        return await makeKey(command.name, command.output, telling);
      case 'seal':
        return await sealHistory(command, telling);
      case 'prove':
        return await proveSession(command, telling);
      case 'check-proof':
        return await checkProofFile(command, telling);
      case 'verify':
        return await audit(command, { env, stdout, stderr, release, complain });
    }
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`${error.message}\n\n${USAGE}`);
      return EXIT.usage;
    }
    if (error instanceof NotFound) {
      complain(error.message);
      return EXIT.notFound;
    }
    complain(messageOf(error));
    return EXIT.incomplete;
  }
}

/** Expected failures have a message for the user; an unexpected one is shown with its class name. */
const messageOf = (error: unknown): string => {
  if (error instanceof SourceFailure || error instanceof OutputFailure) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
};

type Auditing = Omit<Surroundings, 'argv'> & { readonly complain: (text: string) => void };

async function audit(given: Verify, { env, stdout, stderr, release, complain }: Auditing): Promise<number> {
  // The seal is checked first: a wrong key or a damaged file ends the audit before it begins.
  const against = given.against === undefined ? undefined : await openAgainst(given.against);
  const wanted = given.sinceSeal === undefined ? given.wanted : await wantedSince(given.sinceSeal);
  const command: Verify = { ...given, wanted };
  await using source = await openSource(command, env);
  if (against !== undefined && source.evidence !== undefined) await demandComparable(source.evidence, against.seal);
  await using archive = command.deep ? await openArchive(command, env) : undefined;
  await using output = command.output === undefined ? toStandardOutput(stdout) : await toFile(command.output);
  const seen = command.output === undefined && stdout.isTTY === true;
  const reporter = reporterFor(command, output.write, wantsColours(command.colour, { isTTY: seen, env }));
  const live = stderr.isTTY === true && !command.quiet;
  const progress = (text: string): void => void (live && stderr.write(`\r\u001b[K${visibleText(text)}`));
  const recordUrl = command.recordTo ?? source.databaseUrl;
  const record =
    command.record && recordUrl !== undefined
      ? (audited: Audited): Promise<void> => tryRecord(recordUrl, { release, ...audited }, complain)
      : undefined;
  const exitCode = await verify({ source, command, reporter, progress, archive, against, record });
  if (live) stderr.write('\r\u001b[K');
  await output.finish();
  return exitCode;
}

/**
 * A failed write does not change the exit code of the audit. It is printed, and the metric of the last recorded audit
 * keeps its old time.
 */
async function tryRecord(url: string, record: AuditRecord, complain: (text: string) => void): Promise<void> {
  try {
    await recordAudit(url, record);
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    complain(`the audit was not recorded: ${error.message}`);
  }
}

function reporterFor({ format, quiet }: Verify, write: Write, colours: boolean): Reporter {
  switch (format) {
    case 'human':
      return humanReporter(write, { colours, quiet });
    case 'json':
      return jsonReporter(write);
    case 'ndjson':
      return ndjsonReporter(write);
    case 'github':
      return githubReporter(write);
    case 'junit':
      return collectedReporter(write, junit);
    case 'sarif':
      return collectedReporter(write, sarif);
  }
}
