import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const ENDED = /"event\.action":"worker-(?:ended|silent)"/;

/**
 * Finds workers of an API that ended or hung unexpectedly. Each is replaced by a new one, so the API itself keeps
 * running.
 */
export async function endedWorkers(name: string, log: string): Promise<string[]> {
  if (!existsSync(log)) return [];
  const ended: string[] = [];
  for await (const line of createInterface({ input: createReadStream(log) })) {
    if (!ENDED.test(line)) continue;
    const [, message = line.slice(0, 200)] = /"message":"((?:[^"\\]|\\.)*)"/.exec(line) ?? [];
    ended.push(`${name}: ${message}`);
  }
  return ended;
}
