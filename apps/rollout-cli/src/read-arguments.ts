import { parseArgs } from 'node:util';
import { type ColourChoice, parseDuration } from '@phaselock/core';
import { DEFAULT_FLAG } from '@phaselock/rollout';
import { USAGE } from './usage.ts';

type Common = {
  readonly flag: string;
  readonly json: boolean;
  readonly colour: ColourChoice;
  /** The author of changes, as recorded. */
  readonly by: string | undefined;
};

/** Options of the commands that change a campaign, and so need its lease. */
export type Change = Common & {
  readonly takeOver: boolean;
  readonly announce: string | undefined;
  readonly why: string;
};

export type Command =
  | (Common & { readonly kind: 'plan'; readonly overMs: number })
  | (Common & { readonly kind: 'status'; readonly judge: boolean; readonly record: string | undefined })
  | (Change & { readonly kind: 'start'; readonly instances: number | null; readonly releaseKill: boolean })
  | (Change & { readonly kind: 'pause' | 'abort' })
  | (Change & { readonly kind: 'resume'; readonly releaseKill: boolean })
  | (Change & { readonly kind: 'promote'; readonly force: boolean })
  | (Common & { readonly kind: 'kill'; readonly why: string; readonly api: string | undefined })
  | (Common & {
      readonly kind: 'history';
      readonly campaign: number | undefined;
      readonly limit: number;
      readonly gates: boolean;
    })
  | (Common & { readonly kind: 'simulate'; readonly file: string; readonly everyMs: number | undefined })
  | (Change & { readonly kind: 'watch'; readonly act: boolean; readonly everyMs: number; readonly once: boolean })
  | (Common & { readonly kind: 'announce'; readonly text: string | undefined; readonly withdraw: number | undefined });

/** The parsed arguments: a command, or a request for the help or the schema. */
export type Asked = Command | { readonly kind: 'help' } | { readonly kind: 'schema' };

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const OPTIONS = {
  flag: { type: 'string', default: DEFAULT_FLAG },
  json: { type: 'boolean', default: false },
  color: { type: 'string', default: 'auto' },
  by: { type: 'string' },
  why: { type: 'string' },
  'take-over': { type: 'boolean', default: false },
  announce: { type: 'string' },
  instances: { type: 'string' },
  'release-kill': { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  over: { type: 'string' },
  judge: { type: 'boolean', default: false },
  record: { type: 'string' },
  api: { type: 'string' },
  campaign: { type: 'string' },
  limit: { type: 'string' },
  gates: { type: 'boolean', default: false },
  act: { type: 'boolean', default: false },
  every: { type: 'string' },
  once: { type: 'boolean', default: false },
  withdraw: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const parse = (argv: readonly string[]) => parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
type Values = ReturnType<typeof parse>['values'];
type Option = keyof typeof OPTIONS;

const ANYWHERE: readonly Option[] = ['flag', 'json', 'color', 'by', 'help'];
const CHANGES: readonly Option[] = ['why', 'take-over', 'announce'];
const TAKES = {
  plan: ['over'],
  status: ['judge', 'record'],
  start: [...CHANGES, 'instances', 'release-kill'],
  pause: ['why', 'take-over'],
  resume: [...CHANGES, 'release-kill'],
  promote: [...CHANGES, 'force'],
  abort: CHANGES,
  kill: ['why', 'api'],
  history: ['campaign', 'limit', 'gates'],
  simulate: ['every'],
  watch: ['act', 'every', 'once', 'take-over'],
  announce: ['withdraw'],
} as const satisfies Record<Command['kind'], readonly Option[]>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const A_MINUTE_MS = 60_000;

export function readArguments(argv: readonly string[]): Asked {
  const { values, positionals } = orUsage(() => parse(argv.filter((arg) => arg !== '--')));
  const [verb, ...rest] = positionals;
  if (values.help || verb === undefined) return { kind: 'help' };
  if (verb === 'schema') return { kind: 'schema' };
  const kind = Object.keys(TAKES).find((known): known is Command['kind'] => known === verb);
  if (kind === undefined) throw new UsageError(`there is no command ${verb}\n\n${USAGE}`);
  refuseOthers(kind, values);
  const takes = kind === 'simulate' || kind === 'announce' ? 1 : 0;
  if (rest.length > takes) throw new UsageError(`${rest[takes]} is not expected after ${kind}`);
  return commandOf(kind, values, rest[0]);
}

function commandOf(kind: Command['kind'], values: Values, given: string | undefined): Command {
  const colour = oneOf('--color', values.color, ['auto', 'always', 'never']);
  const common = { flag: flagIn(values.flag), json: values.json, colour, by: nameIn('--by', values.by) };
  const change = {
    ...common,
    takeOver: values['take-over'],
    announce: textIn(values.announce),
    why: boundedWhy(values),
  };
  const releaseKill = values['release-kill'];
  switch (kind) {
    case 'plan':
      return { ...common, kind, overMs: durationIn('--over', values.over) ?? DAY_MS };
    case 'status':
      return { ...common, kind, judge: values.judge, record: recordIn(values) };
    case 'start':
      return { ...change, kind, releaseKill, instances: numberIn('--instances', values.instances) ?? null };
    case 'resume':
      return { ...change, kind, releaseKill };
    case 'pause':
      return { ...change, kind };
    case 'abort':
      whyIn(values, 'an abort');
      return { ...change, kind };
    case 'promote':
      if (values.force) whyIn(values, 'overriding the verdict');
      return { ...change, kind, force: values.force };
    case 'kill':
      return { ...common, kind, why: whyIn(values, 'a kill'), api: apiIn(values.api) };
    case 'history': {
      const limit = numberIn('--limit', values.limit) ?? 50;
      return { ...common, kind, limit, campaign: numberIn('--campaign', values.campaign), gates: values.gates };
    }
    case 'simulate':
      if (given === undefined) throw new UsageError('simulate needs a file with recorded or synthetic samples');
      return { ...common, kind, file: given, everyMs: durationIn('--every', values.every) };
    case 'watch': {
      const everyMs = durationIn('--every', values.every) ?? A_MINUTE_MS;
      return { ...change, kind, act: values.act, everyMs, once: values.once };
    }
    case 'announce': {
      const withdraw = numberIn('--withdraw', values.withdraw);
      if (given !== undefined && withdraw !== undefined)
        throw new UsageError('a text to publish and --withdraw exclude each other');
      return { ...common, kind, text: textIn(given), withdraw };
    }
  }
}

function refuseOthers(kind: Command['kind'], values: Values): void {
  const takes: readonly Option[] = [...ANYWHERE, ...TAKES[kind]];
  const names = Object.keys(OPTIONS).filter((name): name is Option => name in OPTIONS);
  const odd = names.find((name) => !takes.includes(name) && values[name] !== undefined && values[name] !== false);
  if (odd !== undefined) throw new UsageError(`--${odd} is not expected with ${kind}`);
}

/** Limit for reasons and announcements, which are stored permanently and shown in full. */
const LONGEST_TEXT = 1_000;
const LONGEST_NAME = 200;

function flagIn(text: string): string {
  if (!/^[a-z0-9_]{1,100}$/.test(text))
    throw new UsageError('--flag is the name of a flag, such as single_session_guard');
  return text;
}

function nameIn(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '' || text.length > LONGEST_NAME)
    throw new UsageError(`${option} is a name of at most ${LONGEST_NAME} characters`);
  return text.trim();
}

function textIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '' || text.length > LONGEST_TEXT)
    throw new UsageError(`an announcement is a text of at most ${LONGEST_TEXT} characters`);
  return text.trim();
}

function whyIn({ why }: Pick<Values, 'why'>, what: string): string {
  if (why === undefined || why.trim() === '') throw new UsageError(`${what} needs a reason: --why <text>`);
  return boundedWhy({ why });
}

function boundedWhy({ why = '' }: Pick<Values, 'why'>): string {
  if (why.length > LONGEST_TEXT) throw new UsageError(`--why is a text of at most ${LONGEST_TEXT} characters`);
  return why.trim();
}

function recordIn({ judge, record }: Values): string | undefined {
  if (record === undefined) return undefined;
  if (record.trim() === '') throw new UsageError('--record is a file');
  if (!judge) throw new UsageError('--record needs --judge: status --judge --record <file>');
  return record;
}

function apiIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new UsageError('--api is the http address of the API');
  return text;
}

function oneOf<const Choice extends string>(option: string, given: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new UsageError(`${option} is one of ${choices.join(', ')}`);
  return found;
}

function durationIn(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const ms = parseDuration(given);
  if (ms === undefined) throw new UsageError(`${option} is a time such as 30s, 10m, 24h or 7d`);
  return ms;
}

function numberIn(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  if (value < 1) throw new UsageError(`${option} is a whole number from 1`);
  return value;
}

function orUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
