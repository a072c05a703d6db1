import type { ArchiveRecord } from '@phaselock/store';
import { instant, instantOrNull } from './session-view.ts';

/** Omits the location of the object, which is internal. */
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
