/** Without the backslash: a server with `standard_conforming_strings = off` would take it as an escape. */
const AS_ITSELF = /^[\x20-\x5b\x5d-\x7e]*$/;
const NUMBERED = /[^\x20-\x7e]/gu;

/** SQL for a text. Characters that a terminal or an editor may change are written by their numbers. */
export function literal(value: string | null): string {
  if (value === null) return 'null';
  const quoted = value.replaceAll("'", "''");
  if (AS_ITSELF.test(quoted)) return `'${quoted}'`;
  const numbered = quoted.replaceAll('\\', '\\\\').replaceAll(NUMBERED, (one) => `\\+${hex(one)}`);
  return `U&'${numbered}'`;
}

const hex = (one: string): string => (one.codePointAt(0) ?? 0).toString(16).padStart(6, '0');
