import { isLoopbackHost } from '@phaselock/access';
import { ConfigMistakes, type ConfigOf, type Environment, readSettings, unknownIn } from '@phaselock/settings';
import { SETTINGS } from './settings.ts';

export type Config = ConfigOf<typeof SETTINGS>;

export { ConfigMistakes, type Environment };

export const readConfig = (env: Environment): Config => readSettings(SETTINGS, env, contradictions);

function contradictions({ auth, host, oidcIssuer, oidcAudience, oidcJwksUrl, oidcAllProjects }: Config): string[] {
  const found: string[] = [];
  if (auth === 'off' && !isLoopbackHost(host))
    found.push('PHASELOCK_AUTH=off is for loopback only: set PHASELOCK_AUTH=keys, or PHASELOCK_HOST=127.0.0.1');
  if ((oidcIssuer === undefined) !== (oidcAudience === undefined))
    found.push('PHASELOCK_OIDC_ISSUER and PHASELOCK_OIDC_AUDIENCE belong together');
  if (oidcJwksUrl !== undefined && oidcIssuer === undefined)
    found.push('PHASELOCK_OIDC_JWKS_URL needs PHASELOCK_OIDC_ISSUER');
  if (oidcAllProjects && oidcIssuer === undefined)
    found.push('PHASELOCK_OIDC_ALL_PROJECTS needs PHASELOCK_OIDC_ISSUER');
  if (oidcIssuer !== undefined && auth === 'off')
    found.push('PHASELOCK_OIDC_ISSUER has no effect with PHASELOCK_AUTH=off');
  return found;
}

const OTHERS = /^PHASELOCK_(TEST|UPDATE|BASE|DEMO|ARCHIVE|PURGE|RUNNER|WEB|AUDIT|ROLLOUT|BENCH)_/;

export const unknownVariables = (env: Environment): string[] => unknownIn(SETTINGS, env, OTHERS);
