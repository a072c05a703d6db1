/** Reads a value of a given kind from parsed JSON, or undefined. Missing values are checked elsewhere. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const step of path.split('.')) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}

export function textAt(value: unknown, path: string): string | undefined {
  const found = at(value, path);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: unknown, path: string): number | undefined {
  const found = at(value, path);
  return typeof found === 'number' ? found : undefined;
}

export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

export function entriesAt(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  const found = at(value, path);
  return typeof found === 'object' && found !== null ? Object.entries(found) : [];
}

export const instantAt = (value: unknown, path: string): number | undefined => {
  const found = textAt(value, path);
  return found === undefined ? undefined : Date.parse(found);
};
