/** The places between two steps where an interleaving or a kill matters. */
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
