import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultsTable } from './faults-table.ts';
import { judgeRun } from './judge-run.ts';
import { FAULTS } from './lanes.ts';
import { runFaults } from './run-faults.ts';
import { updatePage } from './update-page.ts';

const EXIT_USAGE = 64;
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());

const names = process.argv.slice(2).filter((word) => word !== '--');
const chosen = FAULTS.filter(({ name, alerts }) => names.every((word) => `${name} ${alerts.join(' ')}`.includes(word)));

if (chosen.length === 0) {
  console.error(`faults: nothing like that. There are:\n${FAULTS.map(({ name }) => `  ${name}`).join('\n')}`);
  process.exitCode = EXIT_USAGE;
} else {
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-faults-'));
  // Run by root, PostgreSQL is another user: it may pass through.
  await chmod(folder, 0o711);
  const run = await runFaults({
    folder,
    chosen: (fault) => chosen.includes(fault),
    say: console.log,
    ended: ending.signal,
  });
  const complaints = judgeRun(run, chosen);
  if (process.env.PHASELOCK_UPDATE_DOCS === '1' && names.length === 0) await updatePage(faultsTable(run));
  console.log(`\n${faultsTable(run)}\n`);
  for (const complaint of complaints) console.log(`- ${complaint}`);
  console.log(`${run.seconds.toFixed(0)} s. Logs, rules and samples are in ${folder}`);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}
