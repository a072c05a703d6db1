import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultsTable } from './faults-table.ts';
import { judgeRun } from './judge-run.ts';
import { FAULTS } from './lanes.ts';
import { runFaults } from './run-faults.ts';
import { updatePage } from './update-page.ts';

const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());

const names = process.argv.slice(2).filter((word) => word !== '--');
const named = FAULTS.filter(({ name, alerts }) => names.every((word) => `${name} ${alerts.join(' ')}`.includes(word)));
const why = new Map(named.map((fault) => [fault, fault.unavailable?.()]));
const chosen = named.filter((fault) => why.get(fault) === undefined);
for (const [{ name }, reason] of why) if (reason !== undefined) console.log(`not made: ${name}: ${reason}`);

async function makeThem(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-faults-'));
  // When root runs this, PostgreSQL runs as another user, which must be able to enter the folder.
  await chmod(folder, 0o711);
  const run = await runFaults({
    folder,
    chosen: (fault) => chosen.includes(fault),
    say: console.log,
    ended: ending.signal,
  });
  const table = faultsTable(run);
  const { PHASELOCK_UPDATE_DOCS: updateDocs } = process.env;
  if (updateDocs === '1' && names.length === 0) await updatePage(table);
  const complaints = judgeRun(run, chosen);
  console.log(`\n${table}\n`);
  for (const complaint of complaints) console.log(`- ${complaint}`);
  console.log(`${run.seconds.toFixed(0)} s. Logs, rules and samples are in ${folder}`);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

if (chosen.length === 0) {
  console.error(`faults: no fault matches. The faults are:\n${FAULTS.map(({ name }) => `  ${name}`).join('\n')}`);
  process.exitCode = EXIT_USAGE;
} else {
  try {
    await makeThem();
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    process.exitCode = EXIT_INTERRUPTED;
  }
}
