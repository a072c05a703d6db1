import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where verifySessions of chaos leaves what the audit said. */
const AUDIT_FILE = 'verify-sessions.txt';

/** As verify-sessions begins what it tells of a rule that found an error or a warning. */
const FOUND = /^([✖⚠]) (SV\d{3} [\w-]+)$/;

/** The rules that found something, errors first. */
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
