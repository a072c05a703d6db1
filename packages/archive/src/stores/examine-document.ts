import { createGunzip, type Gunzip } from 'node:zlib';
import { InvalidDocument } from '../format/invalid-document.ts';
import { type DocumentPart, readDocument } from '../format/read-document.ts';
import { type ObjectStore, StoreFailure } from './object-store.ts';
import { inPresentVersion, type Recorded, readVerified } from './read-verified.ts';

type Reading = Pick<ObjectStore, 'get' | 'place'>;

/**
 * `damaged`: the bytes differ from the record. `invalid`: the bytes are as recorded, and are not an archive document.
 * `unread`: the store could not be read.
 */
type ExaminedDocument =
  | { readonly kind: 'read' }
  | { readonly kind: 'missing' | 'damaged' | 'invalid' | 'unread'; readonly why: string };

/**
 * Reads an object once, compares its size and hash with the record, and passes the parts of its document on. They count
 * only if the result is `read`.
 */
export async function examineDocument(
  store: Reading,
  recorded: Recorded,
  take: (part: DocumentPart) => void,
): Promise<ExaminedDocument> {
  try {
    return await inPresentVersion(recorded, (one) => examineVersion(store, one, take));
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    if (error.code === 'object_missing') return { kind: 'missing', why: error.message };
    if (error.code === 'object_damaged') return { kind: 'damaged', why: error.message };
    return { kind: 'unread', why: error.message };
  }
}

async function examineVersion(
  store: Reading,
  recorded: Recorded,
  take: (part: DocumentPart) => void,
): Promise<ExaminedDocument> {
  const gunzip = createGunzip();
  const closed = new Promise<void>((resolve) => gunzip.once('close', resolve));
  const reading = readDocument(decompressed(gunzip), take).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    // To the end even if the document turned out to be invalid: only the hash shows whether the object is as recorded.
    for await (const chunk of readVerified(store, recorded))
      if (!gunzip.destroyed && !gunzip.write(chunk)) await Promise.race([drained(gunzip), closed]);
    gunzip.end();
    const failure = await reading;
    if (failure === undefined) return { kind: 'read' };
    if (failure instanceof InvalidDocument) return { kind: 'invalid', why: failure.message };
    throw failure;
  } finally {
    gunzip.destroy();
  }
}

const drained = (gunzip: Gunzip): Promise<void> => new Promise((resolve) => gunzip.once('drain', resolve));

/** Decompressed bytes; a failure to decompress them concerns the document and not the store. */
async function* decompressed(gunzip: Gunzip): AsyncGenerator<Buffer> {
  try {
    yield* gunzip;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidDocument(`it cannot be decompressed: ${why}`, { cause: error });
  }
}
