import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const ENDED = /"event\.action":"worker-(?:ended|silent)"/;

/** Of an API of several processes: each that ended without being told to. Another takes its place, so that the API itself goes on. */
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
