import { type Build, createLogger, type Logger, readBuild } from '@phaselock/telemetry';
import type { Config } from '../config/read-config.ts';
import { createRequestScope, type RequestScope } from '../server/request-scope.ts';

export const SERVICE = 'phaselock-api';

/** The parts of a process that need no database: configuration, build, request scope and logger. */
export type Program = {
  readonly config: Config;
  readonly build: Build;
  readonly scope: RequestScope;
  readonly logger: Logger;
};

/** `root` is the folder of the program. */
export function openProgram(config: Config, root: string): Program {
  const scope = createRequestScope();
  const build = readBuild(root, config.revision);
  const { environment, logLevel: level } = config;
  const context = () => scope.fields();
  const logger = createLogger({ service: SERVICE, version: build.version, environment, level, context });
  return { config, build, scope, logger };
}
