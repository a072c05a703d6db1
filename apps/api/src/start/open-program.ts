import { type Build, createLogger, type Logger, readBuild } from '@phaselock/telemetry';
import type { Config } from '../config/read-config.ts';
import { createRequestScope, type RequestScope } from '../server/request-scope.ts';

export const SERVICE = 'phaselock-api';

/** What a process has of itself before it has anything of others. */
export type Program = {
  readonly config: Config;
  readonly build: Build;
  readonly scope: RequestScope;
  readonly logger: Logger;
};

/** The root is where the program is. */
export function openProgram(config: Config, root: string): Program {
  const scope = createRequestScope();
  const build = readBuild(root, config.revision);
  const { environment, logLevel: level } = config;
  const context = () => scope.fields();
  const logger = createLogger({ service: SERVICE, version: build.version, environment, level, context });
  return { config, build, scope, logger };
}
