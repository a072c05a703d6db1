import type { ArchiveRecord } from '@phaselock/store';
import { instant, instantOrNull } from './session-view.ts';

/** Where the object is, is nobody's business but ours. */
export const archiveView = ({ projectId: _, objectKey: __, objectVersion: ___, ...record }: ArchiveRecord) => {
  const { deletedAt, archivedAt, purgedAt, expiresAt, holdReason, removedAt, ...shown } = record;
  return {
    ...shown,
    deletedAt: instant(deletedAt),
    archivedAt: instant(archivedAt),
    purgedAt: instantOrNull(purgedAt),
    expiresAt: instant(expiresAt),
    held: holdReason !== null,
    removedAt: instantOrNull(removedAt),
  };
};
