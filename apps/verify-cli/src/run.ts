import {
  type AuditRecord,
  demandComparable,
  NotFound,
  OtherSchema,
  recordAudit,
  SourceFailure,
} from '@phaselock/audit';
import { visibleText, wantsColours } from '@phaselock/core';
import { openBaseline } from './baseline.ts';
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
import { openLog } from './open-log.ts';
import { OutputFailure, toFile, toStandardOutput } from './output.ts';
import { noProgress, progressOn } from './progress.ts';
import { readArguments, USAGE, UsageError, type Verify } from './read-arguments.ts';
import type { Reporter, Write } from './report.ts';
import { reportJsonSchema } from './report-schema.ts';
import { untilEnded } from './until-ended.ts';
import { type Audited, verify } from './verify.ts';

/** The part of its process that a command uses. */
export type Surroundings = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly release: string;
  /** Aborted when the process is told to end. The audit then stops, and its report is discarded. */
  readonly ended: AbortSignal;
};

/** Runs one command and returns its exit code. Failures are printed to standard error. */
export async function run({ argv, env, stdout, stderr, release, ended }: Surroundings): Promise<number> {
  const complain = (text: string): void => void stderr.write(`verify-sessions: ${visibleText(text)}\n`);
  const toTerminal = stdout.isTTY === true;
  const telling: Telling = { env, ended, complain, print: (text) => void stdout.write(text), toTerminal };
  try {
    const command = readArguments(argv);
    switch (command.kind) {
      case 'help':
        stdout.write(`${USAGE}\n`);
        return EXIT.ok;
      case 'version':
        stdout.write(`${release}\n`);
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
        return await audit(command, { env, stdout, stderr, release, ended, complain });
    }
  } catch (error) {
    if (ended.aborted) return EXIT.interrupted;
    if (error instanceof UsageError) {
      complain(error.message);
      stderr.write(`\n${USAGE}\n`);
      return EXIT.usage;
    }
    if (error instanceof NotFound) {
      complain(error.message);
      return EXIT.notFound;
    }
    if (error instanceof OtherSchema) {
      complain(`${error.message}. Nothing was audited.`);
      return EXIT.otherSchema;
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

async function audit(given: Verify, around: Auditing): Promise<number> {
  const { env, stdout, stderr, release, ended, complain } = around;
  // The seal is checked first: a wrong key or a damaged file ends the audit before it begins.
  const against = given.against === undefined ? undefined : await openAgainst(given.against);
  const wanted = given.sinceSeal === undefined ? given.wanted : await wantedSince(given.sinceSeal);
  const command: Verify = { ...given, wanted };
  // Files are opened first, so that a mistake in their names is reported before a long audit.
  const baseline = command.baseline && (await openBaseline(command.baseline, command.failOn));
  const { logs: log } = command;
  await using logs = log === undefined || !command.rules.has('SV108') ? undefined : await openLog(log);
  await using output = command.output === undefined ? toStandardOutput(stdout) : await toFile(command.output, ended);
  await using source = await openSource(command, env, ended);
  if (against !== undefined && source.evidence !== undefined) await demandComparable(source.evidence, against.seal);
  await using archive = command.deep ? await openArchive(command, env) : undefined;
  const seen = command.output === undefined && stdout.isTTY === true;
  using progress = stderr.isTTY === true && !command.quiet ? progressOn(stderr) : noProgress;
  const write: Write = async (text) => {
    ended.throwIfAborted();
    await output.write(text);
  };
  const colours = wantsColours(command.colour, { isTTY: seen, env });
  const complainBelow = (text: string): void => {
    progress.remove();
    complain(text);
  };
  const recordUrl = command.recordTo ?? source.databaseUrl;
  const record =
    command.record && recordUrl !== undefined
      ? (result: Audited): Promise<void> => tryRecord(recordUrl, { release, ...result }, complainBelow)
      : undefined;
  const audited = verify({
    source,
    command,
    release,
    reporter: reporterFor(command, seen ? progress.beside(write) : write, colours),
    progress: (text) => {
      if (!ended.aborted) progress.show(text);
    },
    archive,
    against,
    logs: logs?.lines,
    baseline,
    record,
    ended,
  });
  const exitCode = await untilEnded(ended, audited);
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
