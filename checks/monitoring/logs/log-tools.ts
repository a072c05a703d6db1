import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type LogTools =
  | { readonly kind: 'there'; readonly openSearch: string; readonly rsyslog: string }
  | { readonly kind: 'none'; readonly reason: string };

/** The folders into which fetch-tools.sh has put OpenSearch and rsyslog. In CI it is an error if they are missing. */
export function logTools(env: NodeJS.ProcessEnv = process.env): LogTools {
  const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'phaselock');
  const [openSearch, rsyslog] = [join(cache, 'opensearch-2.19.1'), join(cache, 'rsyslog')];
  if ([openSearch, rsyslog].every((folder) => existsSync(join(folder, 'fetched'))))
    return { kind: 'there', openSearch, rsyslog };
  const reason = 'checks/monitoring/logs/fetch-tools.sh has not been run';
  if (env.CI === 'true') throw new Error(`The tests of the logs cannot run: ${reason}.`);
  return { kind: 'none', reason };
}
