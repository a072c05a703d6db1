import { InvalidDocument } from './invalid-document.ts';
import { type Fields, FORMAT, PART_SCHEMAS } from './session-archive.ts';
import { type Piece, splitDocument } from './split-document.ts';

/** A validated part of an archive document, in the order of the document. */
export type DocumentPart = {
  readonly kind: 'session' | 'process' | 'event' | 'feedback' | 'log';
  readonly fields: Fields;
};

/** The members of a document in their order, which is part of the format, and the parts that each contains. */
const MEMBERS = [
  ['format', undefined],
  ['schemaVersion', undefined],
  ['session', 'session'],
  ['processes', 'process'],
  ['events', 'event'],
  ['feedback', 'feedback'],
  ['logs', 'log'],
] as const;

/**
 * Reads a document as it arrives and validates each part against the schema of the document's version. The memory it
 * needs does not depend on the number of log lines. Throws InvalidDocument if the text is not such a document.
 */
export async function readDocument(
  bytes: AsyncIterable<Uint8Array>,
  take: (part: DocumentPart) => void,
): Promise<void> {
  const reading = readPieces(take);
  const splitting = splitDocument(reading.take);
  for await (const text of textOf(bytes)) splitting.write(text);
  splitting.end();
  reading.end();
}

async function* textOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new InvalidDocument('it is not valid UTF-8', { cause: error });
    }
  };
  for await (const chunk of bytes) yield decode(chunk);
  yield decode();
}

function readPieces(take: (part: DocumentPart) => void) {
  /** How many members have begun. */
  let begun = 0;
  let elements = 0;
  let schemas: ReturnType<typeof PART_SCHEMAS.get>;

  const enter = (name: string): void => {
    const [expected] = MEMBERS[begun] ?? [];
    if (name !== expected)
      throw new InvalidDocument(`it has the member ${JSON.stringify(name)} instead of ${expected ?? 'its end'}`);
    begun += 1;
    elements = 0;
  };

  const readPart = (kind: DocumentPart['kind'], where: string, text: string): void => {
    if (schemas === undefined) throw new InvalidDocument(`${where} comes before its schema version`);
    const parsed = schemas[kind].safeParse(parseJson(where, text));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const path = [where, ...(issue?.path.map(String) ?? [])].join('.');
      throw new InvalidDocument(`${path} does not follow its schema: ${issue?.message ?? 'unknown'}`);
    }
    take({ kind, fields: parsed.data });
  };

  const readValue = (name: string, text: string): void => {
    switch (name) {
      case 'format':
        if (parseJson(name, text) !== FORMAT) throw new InvalidDocument(`its format is not ${FORMAT}`);
        return;
      case 'schemaVersion':
        schemas = schemasOf(parseJson(name, text));
        return;
      case 'session':
        readPart('session', name, text);
        return;
      default:
        throw new InvalidDocument(`${name} is not an array`);
    }
  };

  return {
    take(piece: Piece): void {
      switch (piece.kind) {
        case 'value':
          enter(piece.name);
          readValue(piece.name, piece.text);
          return;
        case 'array':
          enter(piece.name);
          if (kindOfElements(piece.name) === undefined) throw new InvalidDocument(`${piece.name} is an array`);
          return;
        case 'element': {
          const kind = kindOfElements(piece.name);
          if (kind !== undefined) readPart(kind, `${piece.name}.${elements}`, piece.text);
          elements += 1;
          return;
        }
      }
    },
    end(): void {
      const [missing] = MEMBERS[begun] ?? [];
      if (missing !== undefined) throw new InvalidDocument(`it has no ${missing}`);
    },
  };
}

/** Undefined for members that are not arrays. */
const kindOfElements = (name: string): Exclude<DocumentPart['kind'], 'session'> | undefined => {
  const kind = MEMBERS.find(([member]) => member === name)?.[1];
  return kind === 'session' ? undefined : kind;
};

function schemasOf(version: unknown) {
  const schemas = typeof version === 'number' ? PART_SCHEMAS.get(version) : undefined;
  if (schemas !== undefined) return schemas;
  const known = [...PART_SCHEMAS.keys()].join(', ');
  throw new InvalidDocument(
    `it has the schema version ${JSON.stringify(version)}, and this release reads only version ${known}`,
  );
}

function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidDocument(`${where} is not valid JSON`, { cause: error });
  }
}
