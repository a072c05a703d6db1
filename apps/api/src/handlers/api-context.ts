import type { ObjectStore } from '@phaselock/archive';
import type { OpenGuard } from '@phaselock/guard';
import type { OpenFlags } from '@phaselock/rollout';
import type { KeyAuthenticator } from '../access/authenticate-key.ts';
import type { ChangeStreams } from '../changes/change-streams.ts';
import type { LongAnswers } from '../intake/long-answers.ts';
import type { Readiness } from '../life/readiness.ts';
import type { RequestScope } from '../server/request-scope.ts';
import type { WriteTaken } from '../server/write-taken.ts';

/** The services the handlers use; composed once at start. */
export type ApiContext = {
  readonly guard: OpenGuard;
  readonly flags: OpenFlags;
  readonly changes: ChangeStreams;
  /** Bounds the responses that stay open as long as their client likes. */
  readonly places: LongAnswers;
  readonly write: WriteTaken;
  readonly readiness: Readiness;
  readonly keys: Pick<KeyAuthenticator, 'forget'>;
  readonly scope: RequestScope;
  /** The object store of the archives. The API only reads it. */
  readonly archive: ObjectStore;
};
