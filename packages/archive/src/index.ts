export { archiveJsonSchema, sessionArchive } from './format/session-archive.ts';
export type { ArchiveContext, ArchiveObserver, ArchivePolicy } from './steps/archive-context.ts';
export { createPace } from './steps/pacing.ts';
export { ARCHIVE_RACEPOINTS, type ArchiveRacepoint } from './steps/racepoints.ts';
export { RETRY_MINUTES } from './steps/retry-delay.ts';
export { runSteps, type StepsDone } from './steps/run-steps.ts';
export { type ExaminedObject, examineObject } from './stores/examine-object.ts';
export {
  type ObjectStore,
  STORE_FAILURES,
  StoreFailure,
  type StoreFailureCode,
} from './stores/object-store.ts';
export { openObjectStore, parseStoreAddress } from './stores/open-object-store.ts';
export { type Recorded, readVerified } from './stores/read-verified.ts';
