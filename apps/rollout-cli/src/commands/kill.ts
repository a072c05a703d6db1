import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandText, UnknownFlag } from '@phaselock/rollout';
import { killFlag } from '@phaselock/store';
import { openRolloutDatabase, Unusable } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import type { Report } from '../report.ts';
import type { DatabaseConfig } from '../settings.ts';

type Kill = Command & { readonly kind: 'kill' };
type Environment = Readonly<Record<string, string | undefined>>;

const API_TIMEOUT_MS = 3_000;

/**
 * Kills the flag in the database, without waiting for a row lock. With `--api` it tries the API first, and uses the
 * database if that fails.
 */
export async function kill(config: DatabaseConfig, command: Kill, env: Environment): Promise<Report> {
  const { api, flag } = command;
  if (api === undefined) return await killInDatabase(config, command, []);
  const failure = await killThroughApi(api, command, config, env).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  if (failure === undefined) return killed(flag, `${flag} is off for everybody, through ${api}`, []);
  return await killInDatabase(config, command, [`the API failed (${failure}); the kill was written to the database`]);
}

async function killInDatabase(
  config: DatabaseConfig,
  { flag, why, by }: Kill,
  notes: readonly string[],
): Promise<Report> {
  await using rollout = await openRolloutDatabase(config, by);
  try {
    const id = await killFlag(rollout.database, { name: flag, actor: rollout.actor, why });
    // No number if flag_kills was locked: the row of the flag was switched off instead.
    const how = id === null ? 'switched off, since flag_kills is locked' : `kill ${id}`;
    return killed(flag, `${flag} is off for everybody: ${how}`, notes);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'PL007') throw new UnknownFlag(error.message);
    throw error;
  }
}

const killed = (flag: string, told: string, notes: readonly string[]): Report => ({
  command: 'kill',
  flag,
  outcome: 'pass',
  told,
  notes: [
    ...notes,
    'every process follows within two seconds (phaselock_flag_enabled shows this for each)',
    `it stays off until it is released: ${commandText(flag, 'resume --release-kill --why …')}, or ${commandText(flag, 'start --release-kill --why …')} if no rollout is under way`,
  ],
});

/** Returns undefined on success, else the failure. */
async function killThroughApi(
  api: string,
  { flag, why }: Kill,
  { dataDir }: DatabaseConfig,
  env: Environment,
): Promise<string | undefined> {
  const key = env.PHASELOCK_API_KEY || (await readFile(join(dataDir, 'api-key'), 'utf8').catch(() => '')).trim();
  if (key === '') throw new Unusable('PHASELOCK_API_KEY is not set');
  const response = await fetch(new URL(`/v1/admin/flags/${flag}/kill`, api), {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ why }),
    redirect: 'error',
    signal: AbortSignal.timeout(API_TIMEOUT_MS),
  });
  return response.ok ? undefined : `HTTP ${response.status}`;
}
