import { durationText } from '@phaselock/monitoring';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/**
 * The shorter durations that replace those of the rules. Windows have at least ten scrapes at one per second, and the
 * order of the durations is kept. The age limit of an audit stays longer than the minute within which a process reads
 * the last audit.
 */
const PACED: ReadonlyMap<number, number> = new Map([
  [30, 5],
  [MINUTE, 5],
  [2 * MINUTE, 7],
  [3 * MINUTE, 9],
  [5 * MINUTE, 10],
  [10 * MINUTE, 12],
  [15 * MINUTE, 12],
  [30 * MINUTE, 15],
  [HOUR, 30],
  [2 * HOUR, 32],
  [6 * HOUR, 40],
  [DAY, 60],
  [26 * HOUR, 90],
  [2 * DAY, 95],
  [3 * DAY, 100],
]);

export function pace(seconds: number): number {
  const paced = PACED.get(seconds);
  if (paced === undefined)
    throw new Error(`The rules have a new duration of ${seconds} s: add its shorter duration to pace.ts.`);
  return paced;
}

/** The paced length of a duration given as the rules write it, such as 6h. */
export function pacedText(text: string): number {
  const paced = [...PACED].find(([seconds]) => durationText(seconds) === text);
  if (paced === undefined) throw new Error(`pace.ts has no duration ${text}.`);
  return paced[1];
}

/** Lowers the least number of events, because a few seconds have fewer events than minutes. */
export const leastEvents = (events: number): number => Math.ceil(events / 4);
