import type { ApiKeyId, ProjectId } from '@phaselock/core';

/** A key as the database has it: of the secret only the hash. */
export type StoredKey = {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly secretSha256: Buffer;
  readonly scopes: readonly string[];
  readonly projectId: ProjectId | null;
  readonly revokedAt: Date | null;
};
