import { isLoopbackHost } from '../access/loopback-only.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

type Settings = typeof SETTINGS;
type ValueOf<One> = One extends Setting<infer Value> ? Value : never;
export type Config = { readonly [Name in keyof Settings]: ValueOf<Settings[Name]> };

/** All mistakes at once: nobody likes to find them one start at a time. */
export class ConfigMistakes extends Error {
  override readonly name = 'ConfigMistakes';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`the configuration has mistakes:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`);
    this.mistakes = mistakes;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function readConfig(env: Environment): Config {
  const mistakes: string[] = [];
  const read = <Value>({ variable, fallback, parse }: Setting<Value>): Value | undefined => {
    const given = env[variable];
    // An empty variable is what a compose file makes of an absent one.
    const text = given === undefined || given === '' ? fallback : given;
    if (text === undefined) return undefined;
    const parsed = parse(text);
    if ('value' in parsed) return parsed.value;
    mistakes.push(`${variable} ${parsed.mistake}`);
    return undefined;
  };
  const values = Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, read<unknown>(setting)]));
  if (isConfig(values)) mistakes.push(...contradictions(values));
  if (mistakes.length > 0 || !isConfig(values)) throw new ConfigMistakes(mistakes);
  return values;
}

/** Whether every setting that may not be absent is there. */
const isConfig = (values: Readonly<Record<string, unknown>>): values is Config =>
  Object.entries(SETTINGS).every(([name, { fallback }]) => fallback === undefined || values[name] !== undefined);

function contradictions({ auth, host, oidcIssuer, oidcAudience, oidcJwksUrl }: Config): string[] {
  const found: string[] = [];
  if (auth === 'off' && !isLoopbackHost(host))
    found.push('PHASELOCK_AUTH=off is for loopback only: set PHASELOCK_AUTH=keys, or PHASELOCK_HOST=127.0.0.1');
  if ((oidcIssuer === undefined) !== (oidcAudience === undefined))
    found.push('PHASELOCK_OIDC_ISSUER and PHASELOCK_OIDC_AUDIENCE belong together');
  if (oidcJwksUrl !== undefined && oidcIssuer === undefined)
    found.push('PHASELOCK_OIDC_JWKS_URL needs PHASELOCK_OIDC_ISSUER');
  if (oidcIssuer !== undefined && auth === 'off')
    found.push('PHASELOCK_OIDC_ISSUER has no effect with PHASELOCK_AUTH=off');
  return found;
}

/** Other programs of the product read theirs from the same environment, so an unknown name is a warning and no mistake. */
const NOT_OURS = /^PHASELOCK_(TEST|UPDATE|BASE|DEMO|ARCHIVE|PURGE|RUNNER|WEB|AUDIT|ROLLOUT|BENCH)_/;

export function unknownVariables(env: Environment): string[] {
  const known = new Set(Object.values(SETTINGS).map(({ variable }) => variable));
  return Object.keys(env).filter((name) => name.startsWith('PHASELOCK_') && !known.has(name) && !NOT_OURS.test(name));
}
