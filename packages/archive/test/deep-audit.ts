import { auditOwnDatabase } from '@phaselock/audit';
import { listObjects, listSeals } from '../src/identity/list-store.ts';
import { examineStore } from '../src/identity/recognise-store.ts';
import { examineDocument } from '../src/stores/examine-document.ts';
import type { ObjectStore } from '../src/stores/object-store.ts';

/** Audits a database and its archive as `verify-sessions --all --deep` does. */
export const deepAudit = (databaseUrl: string, store: ObjectStore): ReturnType<typeof auditOwnDatabase> =>
  auditOwnDatabase(databaseUrl, {
    examine: (object, take) => examineDocument(store, object, take),
    examineStore: (known) => examineStore(store, known),
    listStore: { objects: () => listObjects(store), seals: () => listSeals(store) },
  });
