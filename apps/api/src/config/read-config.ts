import { isLoopbackHost } from '@phaselock/access';
import { ConfigMistakes, type ConfigOf, type Environment, readSettings, unknownIn } from '@phaselock/settings';
import { SETTINGS } from './settings.ts';

export type Config = ConfigOf<typeof SETTINGS>;

export { ConfigMistakes, type Environment };

export const readConfig = (env: Environment): Config => readSettings(SETTINGS, env, contradictions);

function contradictions(config: Config): string[] {
  const { auth, host, oidcIssuer, oidcAudience, oidcJwksUrl, oidcAllProjects } = config;
  const found: string[] = portsInTheWay(config);
  if (auth === 'off' && !isLoopbackHost(host))
    found.push('PHASELOCK_AUTH=off is for loopback only: set PHASELOCK_AUTH=keys, or PHASELOCK_HOST=127.0.0.1');
  if ((oidcIssuer === undefined) !== (oidcAudience === undefined))
    found.push('PHASELOCK_OIDC_ISSUER and PHASELOCK_OIDC_AUDIENCE must be set together');
  if (oidcJwksUrl !== undefined && oidcIssuer === undefined)
    found.push('PHASELOCK_OIDC_JWKS_URL needs PHASELOCK_OIDC_ISSUER');
  if (oidcAllProjects && oidcIssuer === undefined)
    found.push('PHASELOCK_OIDC_ALL_PROJECTS needs PHASELOCK_OIDC_ISSUER');
  if (oidcIssuer !== undefined && auth === 'off')
    found.push('PHASELOCK_OIDC_ISSUER has no effect with PHASELOCK_AUTH=off');
  return found;
}

/** Checks the metrics ports: each of several workers has its own, counted up from PHASELOCK_METRICS_PORT. */
function portsInTheWay({ workers, port, metricsPort }: Config): string[] {
  if (workers === 1 || metricsPort === 0) return [];
  const last = metricsPort + workers - 1;
  if (last > HIGHEST_PORT)
    return [`PHASELOCK_METRICS_PORT=${metricsPort} leaves no port for the last of ${workers} PHASELOCK_WORKERS`];
  if (port >= metricsPort && port <= last)
    return [`PHASELOCK_PORT=${port} is among the ports ${metricsPort} to ${last} of PHASELOCK_METRICS_PORT`];
  return [];
}

const HIGHEST_PORT = 65_535;

/** The variables of the other programs of the product, which share the environment. */
const OTHERS = /^PHASELOCK_(TEST|UPDATE|BASE|DEMO|ARCHIVE|PURGE|RUNNER|WEB|AUDIT|ROLLOUT|BENCH)_/;

export const unknownVariables = (env: Environment): string[] => unknownIn(SETTINGS, env, OTHERS);
