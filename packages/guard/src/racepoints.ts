/**
 * Named points between two steps of an operation, where a test can pause or kill the process to force a race condition
 * or a crash.
 */
export const RACEPOINTS = [
  'start:decided',
  'start:locked',
  'start:written',
  'start:announced',
  'turn:decided',
  'turn:opened',
  'turn:written',
  'finish:before',
  'finish:written',
  'delete:written',
  'bulk:decided',
  'bulk:written',
] as const;
export type RacepointName = (typeof RACEPOINTS)[number];
