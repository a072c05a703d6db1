import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { readBuild } from '@phaselock/telemetry';
import { runAdminStatement } from '@phaselock/testkit';
import type { RunFacts } from './run-facts.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const UNKNOWN = 'unknown';

type OfMachine = Pick<RunFacts, 'machine' | 'revision'>;

export function describeMachine(): OfMachine {
  const all = cpus();
  const { revision } = readBuild(ROOT, undefined);
  return {
    machine: { cores: all.length, memoryBytes: totalmem(), cpuModel: all[0]?.model.trim() ?? UNKNOWN },
    revision: revision === UNKNOWN ? null : revision,
  };
}

export type DatabaseFacts = { readonly version: string; readonly sessions: number | null };

/** Version and number of sessions of the database, if its address is known. */
export async function describeDatabase(databaseUrl: string | undefined): Promise<DatabaseFacts> {
  if (databaseUrl === undefined) return { version: UNKNOWN, sessions: null };
  const [row] = await runAdminStatement(
    databaseUrl,
    `select current_setting('server_version') as version, (select count(*) from sessions)::int as sessions`,
  );
  return { version: String(row?.version ?? UNKNOWN), sessions: Number(row?.sessions) };
}
