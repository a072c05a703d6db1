import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { validKeys } from '@phaselock/access';
import { adoptStore, StoreFailure } from '@phaselock/archive';
import { visibleLines } from '@phaselock/core';
import { ConfigMistakes, type Environment } from '@phaselock/settings';
import {
  discardDeadLetters,
  findApiKey,
  holdArchive,
  listDeadLetters,
  retryDeadLetters,
  touchApiKeys,
} from '@phaselock/store';
import { createLogger, type Logger, readBuild, silentLogger } from '@phaselock/telemetry';
import { boundLookups } from './admit-scraper.ts';
import { countOrphans } from './delete-orphans.ts';
import { openWorker, type Worker } from './open-worker.ts';
import { type Command, readArguments, USAGE, UsageError } from './read-arguments.ts';
import { runOnce } from './run-once.ts';
import { runWorker } from './run-worker.ts';
import { serveMetrics } from './serve-metrics.ts';
import { readConfig } from './settings.ts';
import {
  adoptedLines,
  distrustedLine,
  inWords,
  letterLine,
  lookAtStore,
  progressLine,
  readStatus,
  summaryLine,
} from './tell.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

const EXIT = { ok: 0, incomplete: 1, failures: 2, notFound: 3, storeChanged: 4, usage: 64, interrupted: 130 } as const;

export type Surroundings = {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly ended: AbortSignal;
};

/** Executes the command line and returns the exit code. Each failure is printed as one line. */
export async function runCommand(around: Surroundings): Promise<number> {
  const { argv, env, stdout, stderr } = around;
  const complain = (text: string): void => void stderr.write(`purge-worker: ${visibleLines(text)}\n`);
  try {
    const command = readArguments(argv);
    if (command.kind === 'help') {
      stdout.write(`${USAGE}\n`);
      return EXIT.ok;
    }
    const config = readConfig(env);
    const build = readBuild(ROOT, config.revision);
    const { environment, logLevel: level } = config;
    const logger = createLogger({ service: 'phaselock-purge-worker', version: build.version, environment, level });
    // Only `run` writes a log. The other commands print their result for a person and end with an exit code.
    await using worker = await openWorker(config, command.kind === 'run' ? logger : silentLogger(), build);
    return await carryOut(command, { worker, logger }, around);
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`${error.message}\n\n${USAGE}`);
      return EXIT.usage;
    }
    if (error instanceof ConfigMistakes) {
      complain(error.message);
      return EXIT.usage;
    }
    if (error instanceof StoreFailure) {
      complain(`${error.code}: ${error.message}`);
      return error.code === 'store_changed' ? EXIT.storeChanged : EXIT.incomplete;
    }
    complain(inWords(error));
    return EXIT.incomplete;
  }
}

type Work = Exclude<Command, { readonly kind: 'help' }>;
type Parts = { readonly worker: Worker; readonly logger: Logger };

async function carryOut(command: Work, { worker, logger }: Parts, around: Surroundings): Promise<number> {
  const { kysely } = worker.database;
  const say = (text: string): void => void around.stdout.write(`${visibleLines(text)}\n`);
  switch (command.kind) {
    case 'run':
      return await stay({ worker, logger }, around);
    case 'once':
      return command.dryRun ? await wouldDo(worker, say) : await once(worker, around);
    case 'status':
      say(await readStatus(worker, (await lookAtStore(worker)).line));
      return EXIT.ok;
    case 'dlq-list': {
      const letters = await listDeadLetters(kysely, { limit: 1_000, discarded: command.discarded });
      say(letters.length === 0 ? 'There are no dead letters.' : letters.map(letterLine).join('\n'));
      return EXIT.ok;
    }
    case 'dlq-retry':
      return counted(await retryDeadLetters(kysely, command.which), command.which, 'scheduled for a retry', say);
    case 'dlq-discard': {
      const discarded = await discardDeadLetters(kysely, command.which, {
        by: userInfo().username,
        reason: command.reason,
      });
      return counted(discarded, command.which, 'discarded; nothing was deleted', say);
    }
    case 'hold':
      return await hold(command, worker, say);
    case 'store': {
      const { line, changed } = await lookAtStore(worker);
      say(line);
      return changed ? EXIT.storeChanged : EXIT.ok;
    }
    case 'store-adopt':
      return await adopt(command, worker, say);
  }
}

function counted(
  done: readonly string[],
  which: 'all' | readonly string[],
  what: string,
  say: (text: string) => void,
): number {
  say(`${done.length} ${what}`);
  return which !== 'all' && done.length < which.length ? EXIT.notFound : EXIT.ok;
}

async function hold(
  { sessionId, reason }: Work & { readonly kind: 'hold' },
  { database }: Worker,
  say: (text: string) => void,
): Promise<number> {
  const held = await holdArchive(database.kysely, sessionId, reason);
  switch (held) {
    case 'done':
      say(reason === null ? `${sessionId} is no longer on hold` : `${sessionId} is on hold: ${reason}`);
      return EXIT.ok;
    case 'too-late':
      say(`${sessionId} cannot be put on hold: its object is being removed, or was removed`);
      return EXIT.failures;
    case 'not-found':
      say(`there is no archive of ${sessionId}`);
      return EXIT.notFound;
  }
}

async function adopt(
  { reason, despiteLoss }: Work & { readonly kind: 'store-adopt' },
  { database, store, config }: Worker,
  say: (text: string) => void,
): Promise<number> {
  const by = userInfo().username;
  const adopted = await adoptStore({ database, store, by, reason, despiteLoss, readsAtATime: config.writes });
  say(adoptedLines(adopted, store.place));
  return adopted.kind === 'refused' ? EXIT.failures : EXIT.ok;
}

async function wouldDo(worker: Worker, say: (text: string) => void): Promise<number> {
  const { line, changed } = await lookAtStore(worker);
  for (const note of changed ? [] : await notesOf(worker)) say(note);
  say(await readStatus(worker, line));
  say(`orphans  ${await countOrphans(worker)} would be soft-deleted`);
  say('Nothing was changed: --dry-run.');
  return changed ? EXIT.storeChanged : EXIT.ok;
}

/** A store folder that does not exist yet is not checked: the first run creates it. */
const notesOf = ({ store }: Worker): Promise<readonly string[]> =>
  store.check().catch((error: unknown) => {
    if (error instanceof StoreFailure && error.code === 'store_changed') return [];
    throw error;
  });

async function once(worker: Worker, { stdout, stderr, ended }: Surroundings): Promise<number> {
  const live = stderr.isTTY === true;
  const since = performance.now();
  const clear = live ? '\r\u001b[K' : '';
  const done = await runOnce(worker, ended, {
    progress: (part) => void (live && stderr.write(`${clear}${progressLine(part)}`)),
    distrusted: (found) => void stderr.write(`${clear}purge-worker: ${distrustedLine(found)}\n`),
    notChained: (error) =>
      void stderr.write(`${clear}purge-worker: events of earlier releases could not be chained: ${inWords(error)}\n`),
  });
  stderr.write(clear);
  if (done.storeChanged !== null) stderr.write(`purge-worker: store_changed: ${done.storeChanged}\n`);
  stdout.write(`${summaryLine(done, performance.now() - since)}\n`);
  if (ended.aborted) return EXIT.interrupted;
  if (done.storeChanged !== null) return EXIT.storeChanged;
  return done.failed > 0 || done.storeDown ? EXIT.failures : EXIT.ok;
}

async function stay({ worker, logger }: Parts, { ended }: Surroundings): Promise<number> {
  const { config } = worker;
  for (const note of await worker.checkStore()) logger.warn({ 'event.action': 'archive-store-noted' }, note);
  await using metrics = config.metricsPort === 0 ? undefined : await openMetrics(worker);
  const running = await runWorker(worker, logger);
  const { schedule, lanes } = config;
  logger.info(
    {
      'event.action': 'purge-waiting',
      'phaselock.purge.schedule': schedule,
      'phaselock.purge.lanes': lanes,
      ...(metrics && { 'phaselock.purge.metrics_url': metrics.url }),
    },
    'the purge worker waits for its next scheduled run',
  );
  await new Promise<void>((resolve) => {
    if (ended.aborted) resolve();
    ended.addEventListener('abort', () => resolve(), { once: true });
  });
  logger.info(
    { 'event.action': 'purge-stopping' },
    'the purge worker is stopping: running lanes end after their current step',
  );
  await running.stop();
  return EXIT.ok;
}

/** On a loopback address every local program may read the metrics; on other addresses an API key is required. */
async function openMetrics({ config, database, telemetry }: Worker): ReturnType<typeof serveMetrics> {
  await using resources = new AsyncDisposableStack();
  const keys = resources.use(
    validKeys({
      find: boundLookups((prefix) => findApiKey(database, prefix)),
      touch: (ids) => touchApiKeys(database.kysely, ids),
      now: () => performance.now(),
    }),
  );
  const { metricsHost: host, metricsPort: port } = config;
  const { url } = resources.use(await serveMetrics({ telemetry, host, port, keys }));
  const owned = resources.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
