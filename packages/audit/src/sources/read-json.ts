/** Parses a text of another system; undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** A text that is not empty; null for any other value. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
