/** The places between two steps where a kill matters. */
export const ARCHIVE_RACEPOINTS = [
  'claimed',
  'packed',
  'announced',
  'written',
  'verified',
  'marked',
  'purged',
  'removal-begun',
  'removed',
] as const;
export type ArchiveRacepoint = (typeof ARCHIVE_RACEPOINTS)[number];
