import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The file to which `verifySessions` (chaos/) writes the output of the audit. */
const AUDIT_FILE = 'verify-sessions.txt';

/** The first line that verify-sessions prints about a rule with an error or a warning. */
const FOUND = /^([✖⚠]) (SV\d{3} [\w-]+)$/;

/** The rules with findings, errors first. */
export function rulesIn(told: string): string[] {
  const marked = (wanted: string) =>
    told.split('\n').flatMap((line) => {
      const [, mark, rule] = FOUND.exec(line) ?? [];
      return mark === wanted && rule !== undefined ? [rule] : [];
    });
  return [...marked('✖'), ...marked('⚠')];
}

export async function rulesOfAudit(folder: string): Promise<string[]> {
  return rulesIn(await readFile(join(folder, AUDIT_FILE), 'utf8').catch(() => ''));
}
