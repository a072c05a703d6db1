import type { SessionId } from '@phaselock/core';

/** The hash in the name: what is the same is under the same key, and what is not never is. */
export const objectKey = (sessionId: SessionId, version: number, sha256: string): string =>
  `sessions/${sessionId}/v${version}-${sha256}.json.gz`;
