import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChaosArguments, readArguments, USAGE, UsageError } from './arguments.ts';
import { runCampaign } from './campaign.ts';
import { judgeCampaign } from './judge-campaign.ts';
import { tryMutants } from './mutants.ts';
import { reportOf } from './report.ts';

const EXIT_FOUND = 2;
const EXIT_USAGE = 64;
const LEASE_MS = 3_000;
const say = (line: string) => console.log(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}`);

/** On a signal the campaign stops injecting and sending, and judges the history so far. */
function untilSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());
  return ending.signal;
}

async function run(args: ChaosArguments): Promise<void> {
  const folder = args.folder ?? (await mkdtemp(join(tmpdir(), 'phaselock-history-')));
  const ended = untilSignal();
  if (args.mutants) {
    const survivors = await tryMutants({
      seed: args.seed,
      clients: args.clients,
      folder,
      leaseMs: LEASE_MS,
      ended,
      say,
    });
    process.exitCode = survivors === 0 ? 0 : EXIT_FOUND;
    return;
  }
  const campaign = await runCampaign({
    seed: args.seed,
    seconds: args.minutes * 60,
    clients: args.clients,
    faults: args.faults !== 'none',
    ...(typeof args.faults === 'object' && { onlyFaults: args.faults.named }),
    withoutFaults: args.without,
    folder,
    leaseMs: LEASE_MS,
    quietMs: [2_000, 5_000],
    keeper: args.keeper,
    ended,
    say,
  });
  const judgement = await judgeCampaign(campaign, args);
  const report = reportOf(judgement);
  console.log(`\n${report}\nThe history is in ${folder}`);
  if (args.report !== undefined) await writeFile(args.report, report);
  process.exitCode = judgement.findings.length === 0 ? 0 : EXIT_FOUND;
}

try {
  await run(readArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`chaos: ${error.message}\n\n${USAGE}`);
  process.exitCode = EXIT_USAGE;
}
