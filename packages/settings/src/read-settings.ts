import type { Setting } from './setting.ts';

export type Settings = Readonly<Record<string, Setting<unknown>>>;
type ValueOf<One> = One extends Setting<infer Value> ? Value : never;
export type ConfigOf<Known extends Settings> = { readonly [Name in keyof Known]: ValueOf<Known[Name]> };

/** Lists all configuration mistakes together, so that one start shows all of them. */
export class ConfigMistakes extends Error {
  override readonly name = 'ConfigMistakes';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`the configuration has mistakes:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`);
    this.mistakes = mistakes;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function readSettings<const Known extends Settings>(
  settings: Known,
  env: Environment,
  contradictions: (config: ConfigOf<Known>) => readonly string[] = () => [],
): ConfigOf<Known> {
  const mistakes: string[] = [];
  const read = <Value>({ variable, fallback, parse }: Setting<Value>): Value | undefined => {
    const given = env[variable];
    // Empty counts as absent, because a compose file sets an absent variable to an empty text.
    const text = given === undefined || given === '' ? fallback : given;
    if (text === undefined) return undefined;
    const parsed = parse(text);
    if ('value' in parsed) return parsed.value;
    mistakes.push(`${variable} ${parsed.mistake}`);
    return undefined;
  };
  const values = Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, read<unknown>(setting)]));
  /** Whether every required setting has a value. */
  const isWhole = (found: Readonly<Record<string, unknown>>): found is ConfigOf<Known> =>
    Object.entries(settings).every(([name, { fallback }]) => fallback === undefined || found[name] !== undefined);
  if (isWhole(values)) mistakes.push(...contradictions(values));
  if (mistakes.length > 0 || !isWhole(values)) throw new ConfigMistakes(mistakes);
  return values;
}

/**
 * The names of unknown variables. They are a warning and no mistake, because other programs of the product read their
 * settings from the same environment.
 */
export function unknownIn(settings: Settings, env: Environment, others: RegExp): string[] {
  const known = new Set(Object.values(settings).map(({ variable }) => variable));
  return Object.keys(env).filter((name) => name.startsWith('PHASELOCK_') && !known.has(name) && !others.test(name));
}
