import { durationText } from '@phaselock/monitoring';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/**
 * What becomes of the durations of the rules: windows are at least ten scrapes of a second long, and an order there is among them is kept. A day
 * between two audits is longer than the minute in which a process reads of the last one.
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
    throw new Error(`The rules have a new duration, of ${seconds} s: say in pace.ts what becomes of it.`);
  return paced;
}

/** The same of a duration as the rules write it. */
export function pacedText(text: string): number {
  const paced = [...PACED].find(([seconds]) => durationText(seconds) === text);
  if (paced === undefined) throw new Error(`pace.ts has no duration ${text}.`);
  return paced[1];
}

/** Of a few seconds there are fewer events than of minutes. */
export const leastEvents = (events: number): number => Math.ceil(events / 4);
