/** One environment variable: its meaning, its default and its format. */
export type Setting<Value> = {
  readonly variable: string;
  readonly group: string;
  readonly meaning: string;
  /** The default as a text; undefined if absence has a meaning of its own. */
  readonly fallback: string | undefined;
  readonly form: string;
  readonly parse: (text: string) => Parsed<Value>;
};

type Parsed<Value> = { readonly value: Value } | { readonly mistake: string };

type About = Pick<Setting<unknown>, 'variable' | 'group' | 'meaning'>;

export const integer = (
  about: About,
  { fallback, min, max }: { fallback: number; min: number; max: number },
): Setting<number> => ({
  ...about,
  fallback: String(fallback),
  form: `a whole number from ${min} to ${max}`,
  parse: (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? { value } : { mistake: `must be a whole number from ${min} to ${max}` };
  },
});

export const oneOf = <const Choice extends string>(
  about: About,
  choices: readonly Choice[],
  fallback: NoInfer<Choice>,
): Setting<Choice> => ({
  ...about,
  fallback,
  form: choices.map((choice) => `\`${choice}\``).join(', '),
  parse: (text) => {
    const value = choices.find((choice) => choice === text);
    return value === undefined ? { mistake: `must be one of ${choices.join(', ')}` } : { value };
  },
});

export const onOff = (about: About, fallback: 'on' | 'off'): Setting<boolean> => {
  const choice = oneOf(about, ['on', 'off'], fallback);
  return {
    ...choice,
    parse: (text) => {
      const parsed = choice.parse(text);
      return 'value' in parsed ? { value: parsed.value === 'on' } : parsed;
    },
  };
};

export const plainText = (about: About, fallback: string): Setting<string> => ({
  ...about,
  fallback,
  form: 'text',
  parse: (value) => (value.trim() === '' ? { mistake: 'must not be empty' } : { value }),
});

/** Makes a setting optional: if the variable is absent, the value is undefined. */
export const optional = <Value>({ fallback: _, ...setting }: Setting<Value>): Setting<Value | undefined> => ({
  ...setting,
  fallback: undefined,
});

export const url = (about: About, protocols: readonly string[]): Setting<string> => ({
  ...about,
  fallback: '',
  form: protocols.map((protocol) => `\`${protocol}//…\``).join(' or '),
  parse: (value) => {
    // The value may contain a password, so no message repeats it.
    if (!URL.canParse(value)) return { mistake: 'must be a URL' };
    const { protocol } = new URL(value);
    return protocols.includes(protocol) ? { value } : { mistake: `must begin with ${protocols.join(' or ')}` };
  },
});

export const list = (about: About, fallback: string): Setting<readonly string[]> => ({
  ...about,
  fallback,
  form: 'comma-separated names',
  parse: (text) => {
    const value = text
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    return value.length === 0 ? { mistake: 'must contain at least one name' } : { value };
  },
});
