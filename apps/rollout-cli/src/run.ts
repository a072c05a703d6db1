import { visibleLines, wantsColours } from '@phaselock/core';
import {
  HeldByAnother,
  KilledInstead,
  type Racepoint,
  RecordingMistake,
  StagesMistakes,
  UnknownFlag,
} from '@phaselock/rollout';
import { ConfigMistakes, type Environment } from '@phaselock/settings';
import { classifyFailure } from '@phaselock/store';
import { announce } from './commands/announce.ts';
import { change } from './commands/change.ts';
import { history } from './commands/history.ts';
import { kill } from './commands/kill.ts';
import { plan } from './commands/plan.ts';
import { simulate } from './commands/simulate.ts';
import { status } from './commands/status.ts';
import { watch } from './commands/watch.ts';
import { EXIT } from './exit-code.ts';
import { humanLines } from './formats/human.ts';
import { documentOf } from './formats/json.ts';
import { painter } from './formats/table.ts';
import { openRollout, Unusable } from './open-rollout.ts';
import { type Asked, type Command, readArguments, UsageError } from './read-arguments.ts';
import type { Report, Reporter } from './report.ts';
import { reportJsonSchema } from './report-schema.ts';
import { readConfig, readDatabaseConfig } from './settings.ts';
import { USAGE } from './usage.ts';

/** The part of its process that a command uses. */
export type Surroundings = {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
  /** Aborted by the first SIGINT or SIGTERM; then the lease is released. */
  readonly ended: AbortSignal;
  /** Called at each racepoint, where a test stops or kills the command. */
  readonly racepoint?: Racepoint;
};

/**
 * Runs one command and returns its exit code. A failure is a line on standard error, and with `--json` also a document.
 */
export async function run(around: Surroundings): Promise<number> {
  const { argv, stdout, stderr } = around;
  const complain = (text: string): void => void stderr.write(`rollout: ${visibleLines(text)}\n`);
  let asked: Asked;
  try {
    asked = readArguments(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`${error.message}. \`rollout --help\` lists the commands and options`);
    return EXIT.error;
  }
  if (asked.kind === 'help') {
    stdout.write(`${USAGE}\n`);
    return EXIT.pass;
  }
  if (asked.kind === 'schema') {
    stdout.write(reportJsonSchema());
    return EXIT.pass;
  }
  const command = asked;
  const report = reporterFor(command, around);
  try {
    const outcome = await carryOut(command, { ...around, report });
    return around.ended.aborted ? EXIT.interrupted : EXIT[outcome];
  } catch (error) {
    const { code, message } = inWords(error);
    complain(message);
    if (command.json)
      report({ command: command.kind, flag: command.flag, outcome: 'error', told: message, error: { code, message } });
    return EXIT.error;
  }
}

type Carrying = Surroundings & { readonly report: Reporter };

async function carryOut(command: Command, around: Carrying): Promise<Report['outcome']> {
  const { report, env, ended, racepoint = () => undefined } = around;
  const tell = (told: Report): Report['outcome'] => {
    report(told);
    return told.outcome;
  };
  switch (command.kind) {
    case 'simulate':
      return tell(await simulate(readConfig(env), command));
    case 'kill':
      return tell(await kill(readDatabaseConfig(env), command, env));
    default: {
      await using rollout = await openRollout(readConfig(env), command.by);
      switch (command.kind) {
        case 'plan':
          return tell(await plan(rollout, command));
        case 'status':
          return tell(await status(rollout, command));
        case 'history':
          return tell(await history(rollout, command));
        case 'announce':
          return tell(await announce(rollout, command));
        case 'watch':
          return await watch(rollout, command, { report, ended, racepoint });
        case 'start':
        case 'pause':
        case 'resume':
        case 'promote':
        case 'abort':
          return tell(await change(rollout, command, racepoint));
      }
    }
  }
}

function reporterFor(command: Command, { stdout, env }: Surroundings): Reporter {
  if (command.json) return (report) => void stdout.write(`${JSON.stringify(documentOf(report))}\n`);
  const paint = painter(wantsColours(command.colour, { isTTY: stdout.isTTY === true, env }));
  const gates = command.kind === 'history' && command.gates;
  return (report) => void stdout.write(`${humanLines(report, paint, { gates }).join('\n')}\n`);
}

/**
 * Returns the code and the message of an error. Expected errors have a message for the user; an unexpected one is shown
 * with its class name.
 */
function inWords(error: unknown): { code: string; message: string } {
  if (error instanceof HeldByAnother) return { code: 'held-by-another', message: error.message };
  if (error instanceof KilledInstead) return { code: 'killed-instead', message: error.message };
  if (error instanceof UnknownFlag) return { code: 'unknown-flag', message: error.message };
  if (error instanceof ConfigMistakes) return { code: 'configuration', message: error.message };
  if (error instanceof StagesMistakes) return { code: 'stages', message: error.message };
  if (error instanceof RecordingMistake) return { code: 'recording', message: error.message };
  if (error instanceof Unusable) return { code: 'unusable', message: error.message };
  if (!(error instanceof Error)) return { code: 'unexpected', message: String(error) };
  if ('code' in error && OLDER_SCHEMA.has(String(error.code)))
    return { code: 'schema', message: 'the schema of the database is older than this command: `npx pnpm@12 migrate`' };
  const failure = classifyFailure(error);
  if (failure === 'unexpected') return { code: failure, message: `${error.name}: ${error.message}` };
  return { code: failure, message: `the database: ${error.message || error.name}` };
}

/** SQLSTATEs of a missing table, column or function. */
const OLDER_SCHEMA: ReadonlySet<string> = new Set(['42P01', '42703', '42883']);
