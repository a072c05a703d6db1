export type JsonFields = ReadonlyMap<string, unknown>;

/** The fields of a JSON object, or undefined for any other text. The caller must check the type of each field. */
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
