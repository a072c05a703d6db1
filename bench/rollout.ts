import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ladderFor, readStages } from '@phaselock/rollout';
import { claimsFor, inWords, isKept } from './rollout/claims.ts';
import { plannedEvents, runCampaigns } from './rollout/simulated-campaigns.ts';

/**
 * Simulates stages of the rollout of `single_session_guard` with known true failure rates, and judges them with the
 * gates of production. Prints how many end promoted, aborted or unproven. Exits with 1 if such a share is outside the
 * limits that the gates promise (`claimsFor`).
 */
const STAGES = resolve(import.meta.dirname, '../ops/rollout/stages.yml');
const WIDTHS = [36, 20, 11, 11, 11, 11, 12, 0] as const;
const HEADINGS = ['truth', 'looked at', 'promoted', 'early', 'at the end', 'unproven', 'to abort', '  promise'];

const { values } = parseArgs({
  options: { campaigns: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const campaigns = Number(values.campaigns);
const seed = Number(values.seed);
if (!Number.isInteger(campaigns) || campaigns < 1 || campaigns > 1_000_000 || !Number.isInteger(seed))
  throw new RangeError('--campaigns must be a whole number from 1 to 1000000, --seed a whole number');

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => (index < 2 ? cell.padEnd(WIDTHS[index] ?? 0) : cell.padStart(WIDTHS[index] ?? 0)))
    .join('');
const share = (count: number): string => `${((count / campaigns) * 100).toFixed(2)} %`;

const stages = readStages(readFileSync(STAGES, 'utf8'));
const ladder = ladderFor(stages, 'single_session_guard');
const last = ladder?.stages.at(-1);
if (ladder === undefined || last === undefined) throw new Error('stages.yml has no stages of single_session_guard');

console.log(`${campaigns} campaigns of each truth, seeds ${seed} to ${seed + campaigns - 1}`);
for (const stage of ladder.stages)
  console.log(`stage ${stage.number}: planned for ${plannedEvents(stage)} events of the treatment`);
console.log(line(HEADINGS));
let missed = 0;
for (const { stage: number, truth, schedules, promises } of claimsFor(last)) {
  const stage = ladder.stages[number - 1] ?? last;
  for (const { schedule, tally } of runCampaigns({ stages, stage, truth, schedules, campaigns, seed })) {
    const broken = promises.filter((promised) => !isKept(promised, tally[promised.ending] / campaigns));
    missed += broken.length;
    const aborted = tally['aborted early'] + tally['aborted at the end'];
    console.log(
      line([
        truth.name,
        schedule.name,
        share(tally.promoted),
        share(tally['aborted early']),
        share(tally['aborted at the end']),
        share(tally.unproven),
        aborted === 0 ? '-' : (tally.eventsToAbort / aborted).toFixed(0),
        broken.length === 0 ? '  kept' : `  MISSED: ${broken.map(inWords).join(', ')}`,
      ]),
    );
  }
  console.log(`  promised: ${promises.map(inWords).join(', ')}`);
}
if (missed > 0) {
  console.log(`${missed} promises were not kept`);
  process.exitCode = 1;
}
