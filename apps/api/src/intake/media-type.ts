const FORM = /^([\w.+-]+\/[\w.+-]+)\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?;?\s*$/i;

/** A charset may be named if it is the only one JSON has. */
export function isMediaType(header: string | undefined, expected: string): boolean {
  const [, type] = FORM.exec(header?.trim() ?? '') ?? [];
  return type?.toLowerCase() === expected;
}
