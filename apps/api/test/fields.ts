/** Reads a value from parsed JSON, and throws if it does not exist. */
export function field(body: unknown, path: string): unknown {
  let at: unknown = body;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !(step in at))
      throw new Error(`no ${path} in ${JSON.stringify(body)}`);
    at = Reflect.get(at, step);
  }
  return at;
}

export function textField(body: unknown, path: string): string {
  const value = field(body, path);
  if (typeof value !== 'string') throw new Error(`${path} is not a string in ${JSON.stringify(body)}`);
  return value;
}

export function listField(body: unknown, path: string): readonly unknown[] {
  const value = field(body, path);
  if (!Array.isArray(value)) throw new Error(`${path} is not a list in ${JSON.stringify(body)}`);
  return value;
}
