import { parseArgs } from 'node:util';
import { ConfigMistakes, type Environment, readConfig, unknownVariables } from '../config/read-config.ts';
import { runPrimary } from '../workers/run-primary.ts';
import { introduce, prepareIntroduction } from './introduce.ts';
import { openProgram } from './open-program.ts';
import { openService } from './open-service.ts';
import { seedDemo } from './seed-demo.ts';
import { tellCutShort, tellStarted } from './tell-life.ts';
import { untilSignal } from './until-signal.ts';

export type Run = {
  readonly env: Environment;
  readonly args: readonly string[];
  readonly say: (text: string) => void;
};

type RunApi = Run & {
  /** Whether only the person who started the program sees its output. */
  readonly showsSecrets: boolean;
  /** The folder of the program. */
  readonly root: string;
};

/** Runs the service as configured by the environment, until a signal ends it gracefully. */
export async function runApi({ env, args, say, showsSecrets, root }: RunApi): Promise<void> {
  // The time already spent on the start of Node and the loading of our modules.
  const since = performance.now();
  const { demo } = readArguments(args);
  const config = readConfig(env);
  const ended = untilSignal();
  const program = openProgram(config, root);
  const { logger } = program;
  for (const name of unknownVariables(env))
    logger.warn(
      { 'event.action': 'setting-unknown', 'phaselock.setting': name },
      `${name} is not known and has no effect`,
    );
  if (config.workers > 1) {
    await runPrimary({ program, demo, say, showsSecrets, since, ended });
    return;
  }

  await using resources = new AsyncDisposableStack();
  const { api, connected, prepared } = await openService({ program, resources, migrates: config.migrate });
  tellStarted(logger, { since, connected, prepared, opened: performance.now() });
  if (demo) await seedDemo(api.guard);
  const introduction = await prepareIntroduction(config, api.guard, logger);
  say(introduce({ config, url: api.url, tookMs: performance.now() - since, showsSecrets, ...introduction }));

  await ended;
  if (!(await api.drain())) tellCutShort(logger);
}

function readArguments(args: readonly string[]): { readonly demo: boolean } {
  try {
    // pnpm passes its own `--` separator on.
    const given = args.filter((arg) => arg !== '--');
    const { values } = parseArgs({ args: given, options: { demo: { type: 'boolean', default: false } } });
    return { demo: values.demo };
  } catch (error) {
    throw new ConfigMistakes([error instanceof Error ? error.message : String(error), 'usage: start [--demo]']);
  }
}
