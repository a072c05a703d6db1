export type JsonFields = ReadonlyMap<string, unknown>;

/** The fields of a JSON object, or undefined when the text is anything else. Whoever asks for a field has to check what it is. */
export function parseJsonObject(text: string): JsonFields | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function fieldsOf(value: unknown): JsonFields | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? new Map(Object.entries(value)) : undefined;
}
