/** The points between two steps at which tests kill the process. */
export const ARCHIVE_RACEPOINTS = [
  'store-announced',
  'store-marked',
  'store-sealed',
  'claimed',
  'packed',
  'announced',
  'written',
  'verified',
  'marked',
  'purge-claimed',
  'proven',
  'purged',
  'distrusted',
  'removal-begun',
  'removed',
] as const;
export type ArchiveRacepoint = (typeof ARCHIVE_RACEPOINTS)[number];
