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

/** Straight into the database, where it waits for no lock of a row; through the API where that is named, and into the database if that fails. */
export async function kill(config: DatabaseConfig, command: Kill, env: Environment): Promise<Report> {
  const { api, flag } = command;
  if (api === undefined) return await killInDatabase(config, command, []);
  const failure = await killThroughApi(api, command, config, env).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  if (failure === undefined) return killed(flag, `${flag} is off for everybody, by ${api}`, []);
  return await killInDatabase(config, command, [`the API did not do it (${failure}); the database was asked instead`]);
}

async function killInDatabase(
  config: DatabaseConfig,
  { flag, why, by }: Kill,
  notes: readonly string[],
): Promise<Report> {
  await using rollout = await openRolloutDatabase(config, by);
  try {
    const id = await killFlag(rollout.database, { name: flag, actor: rollout.actor, why });
    // Without a number where flag_kills was locked: the row of the flag was switched off instead.
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
    'every process follows within two seconds (phaselock_flag_enabled says so of each)',
    `it stays off until a person says otherwise: ${commandText(flag, 'resume --release-kill --why …')}, or ${commandText(flag, 'start --release-kill --why …')} where no rollout is under way`,
  ],
});

/** Undefined when it was done. */
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
