/** Values that an attacker or a broken program might send in place of any other value. */
export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 31,
  2 ** 63,
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udc00x',
  "'; drop table sessions; --",
  '../../etc/passwd',
  '%00',
  '<script>alert(1)</script>',
  'x'.repeat(70_000),
  '01936f6e-0000-7000-8000-00000000000g',
  'NaN',
  [],
  [[]],
  {},
  { $ne: null },
  { toString: 'x', valueOf: 1 },
  { length: 1e9 },
];

/**
 * Returns a copy of the value in which one part (itself, or a field or element at any depth) is replaced by the hostile
 * value. Any number selects a part, because `where` is taken modulo the number of parts.
 */
export function withHostilePart(value: unknown, hostile: unknown, where: number): unknown {
  const parts = countParts(value);
  let at = where % parts;
  const visit = (part: unknown): unknown => {
    if (at === 0) {
      at -= 1;
      return hostile;
    }
    at -= 1;
    if (Array.isArray(part)) return part.map(visit);
    if (typeof part === 'object' && part !== null)
      return Object.fromEntries(Object.entries(part).map(([name, held]) => [name, visit(held)]));
    return part;
  };
  return visit(value);
}

function countParts(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + countParts(part), 1);
}
