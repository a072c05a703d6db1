import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SIZES } from '../users/sizes.ts';
import { callersSettings, thinkSecondsIn } from './callers-settings.ts';
import { checkAddress } from './check-address.ts';
import { describeDatabase, describeMachine } from './describe-run.ts';
import { disturbProduct } from './disturb-product.ts';
import { findDeadAddresses } from './find-dead-addresses.ts';
import { findK6 } from './find-k6.ts';
import { openFollowers } from './follow-projects.ts';
import { type OpenedTarget, openTarget } from './open-target.ts';
import { endedWorkers } from './product/ended-workers.ts';
import type { AskedProduct } from './product/product.ts';
import { type RunCommand, UsageError } from './read-arguments.ts';
import { type Program, sampleResources } from './resources/sample-resources.ts';
import { watchDatabase } from './resources/watch-database.ts';
import type { RunFacts } from './run-facts.ts';
import { appendLine, filesOf } from './run-folder.ts';
import { ranToItsEnd, runK6, tellK6Failure } from './run-k6.ts';
import { SCENARIOS, type ScenarioNeeds } from './scenarios.ts';
import { tellError } from './tell-error.ts';
import { watchJournal } from './watch-journal.ts';

/** Time allowed for a supervisor to restart an API. */
const COMES_BACK_WITHIN_MS = 10_000;
const SCRIPTS = resolve(import.meta.dirname, '../scenarios');

export type ScenarioRun = {
  readonly folder: string;
  readonly product: AskedProduct;
  readonly facts: RunFacts;
};

export type ScenarioOptions = {
  readonly command: RunCommand;
  readonly env: NodeJS.ProcessEnv;
  /** Owner of everything that is started. It outlives the run, because the proof queries the product. */
  readonly owned: AsyncDisposableStack;
  readonly say: (line: string) => void;
};

/** Opens the target, runs the load and the faults, and writes all observations to the folder of the run. */
export async function runScenario({ command, env, owned, say }: ScenarioOptions): Promise<ScenarioRun> {
  const { scenario, target } = command;
  const needs = SCENARIOS[scenario];
  const thinkSeconds = thinkSecondsIn(env);
  const script = resolve(SCRIPTS, `${scenario}.ts`);
  if (!existsSync(script)) throw new Error(`the script ${script} does not exist`);
  const k6 = await findK6({ env, say });
  const key = target.kind === 'address' ? await checkAddress(target) : '';
  const folder = await makeFolder(command);
  const files = filesOf(folder);
  const { users: usersOf, seconds } = SIZES[scenario];
  const { users = usersOf, durationSeconds = seconds } = command;
  const opening = { folder, needs, durationSeconds, boardFile: files.board, key, owned, say };
  const opened = await openTarget(target, opening);
  const { product } = opened;
  const before = await describeDatabase(product.databaseUrl);

  const journal = owned.use(watchJournal(files.journal));
  const followers = owned.use(openFollowers({ product, ...needs.followed, file: files.changes, say }));
  journal.onProject((project) => followers.follow(project));
  const startedAt = new Date();
  const running = owned.use(
    runK6({
      k6,
      script,
      folder,
      env: { ...callersSettings(env), ...environmentOf(command, product, needs, files.board) },
    }),
  );
  say(`${scenario}: ${users} users for ${durationSeconds} s, in ${folder}`);
  let worker = -1;
  const programs: readonly Program[] = [
    { of: 'k6', pid: () => running.pid },
    { of: 'runner', pid: () => process.pid, alone: true },
    { of: 'worker', pid: () => worker },
    ...programsOf(opened),
  ];
  const sampling = owned.use(
    sampleResources({ programs: () => programs, write: (line) => appendLine(files.resources, line), say }),
  );
  const numbers =
    opened.kind === 'self' ? owned.use(await watchDatabase(opened.product.databaseUrl, files.database)) : undefined;
  const over = new AbortController();
  owned.defer(() => over.abort());
  const disturbing = disturbProduct(opened, {
    needs,
    durationSeconds,
    began: journal.began,
    folder,
    working: (pid) => {
      worker = pid;
    },
    say,
    ended: over.signal,
  });
  // A failure of the disturbances is reported after the load.
  disturbing.catch(() => undefined);
  const k6Exit = await running.exited;
  over.abort();
  await sampling[Symbol.asyncDispose]();
  await numbers?.[Symbol.asyncDispose]();
  await journal[Symbol.asyncDispose]();
  if (!ranToItsEnd(k6Exit)) throw new Error(`${await tellK6Failure(k6Exit, files.k6Log)}: nothing was proven`);
  await disturbing;
  const endedAt = new Date();
  say('the load is over');
  const dead = await findDeadAddresses(product.urls, COMES_BACK_WITHIN_MS);
  const living = product.urls.filter((url) => dead.every((one) => one.url !== url));
  const died = dead.map(({ url, why }) => `${url} does not respond after the load (${why})`);
  for (const line of died) say(line);
  if (living.length === 0 && product.databaseUrl === undefined)
    throw new Error(`${died.join(', ')}, and no --database-url was given: nothing was proven`);
  const followed = await followers.settle(living);
  await writeFile(files.followed, `${JSON.stringify(followed)}\n`);
  for (const behind of followed.unsettled) say(behind);
  await followers[Symbol.asyncDispose]();
  const facts: RunFacts = {
    scenario,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    product: target.kind,
    urls: product.urls,
    apis: product.urls.length,
    workersPerApi: target.kind === 'self' ? target.workers : 1,
    ...describeMachine(),
    versions: { node: process.version, k6: k6.version, postgresql: before.version },
    users,
    durationSeconds,
    sessionsBefore: before.sessions,
    thinkSeconds,
    k6Exit,
    crashes: [...(await crashesOf(opened, folder)), ...died],
  };
  await writeFile(files.facts, `${JSON.stringify(facts, null, 2)}\n`);
  // The proof reads over HTTP from the addresses that respond.
  return { folder, product: living.length === 0 ? product : { ...product, urls: living }, facts };
}

async function makeFolder({ scenario, out }: RunCommand): Promise<string> {
  const at = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const folder = resolve(out ?? `.phaselock/load/${scenario}-${at}`);
  if (existsSync(filesOf(folder).journal)) throw new UsageError(`--out: ${folder} already contains a run`);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new UsageError(`--out: cannot create the folder ${folder}: ${tellError(error)}`);
  });
  return folder;
}

/** The environment variables that the k6 scripts read. */
function environmentOf(
  { target, durationSeconds, users, rate, allowRemote }: RunCommand,
  { urls, key }: AskedProduct,
  { board }: ScenarioNeeds,
  boardFile: string,
): NodeJS.ProcessEnv {
  return {
    PHASELOCK_URLS: urls.join(),
    PHASELOCK_API_KEY: key,
    LOAD_DURATION_S: durationSeconds?.toString(),
    LOAD_USERS: users?.toString(),
    LOAD_RATE: rate?.toString(),
    LOAD_BOARD: board ? boardFile : undefined,
    LOAD_ALLOW_REMOTE: allowRemote ? '1' : undefined,
    // The key created by the run has the scope `users:name`; a given key may lack it.
    LOAD_NAME_USERS: target.kind === 'self' ? '1' : undefined,
  };
}

async function crashesOf(opened: OpenedTarget, folder: string): Promise<string[]> {
  if (opened.kind === 'address') return [];
  const ofAll = opened.product.apis.map(async (api, index) => {
    const name = `api-${index}`;
    return [...api.crashes(), ...(await endedWorkers(name, join(folder, `${name}.log`)))];
  });
  return (await Promise.all(ofAll)).flat();
}

function programsOf(opened: OpenedTarget): readonly Program[] {
  if (opened.kind === 'address') return [];
  const { apis, postgres, redis } = opened.product;
  return [
    ...apis.map((api, index) => ({ of: `api-${index}`, pid: api.pid })),
    { of: 'postgresql', pid: postgres.pid },
    ...(redis === undefined ? [] : [{ of: 'redis', pid: redis.pid }]),
  ];
}
