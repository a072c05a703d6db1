import type { ApiKeyId, ProjectId } from '@phaselock/core';

/** An API key as stored in the database, with only the hash of its secret. */
export type StoredKey = {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly secretSha256: Buffer;
  readonly scopes: readonly string[];
  readonly projectId: ProjectId | null;
  readonly revokedAt: Date | null;
};
