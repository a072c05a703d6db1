import type { RuleId, Wanted } from '@phaselock/audit';
import { UsageError } from '../usage-error.ts';

/** The commands that make and use seals. */
export type EvidenceCommand =
  | { readonly kind: 'seal-key'; readonly name: string; readonly output: string | undefined }
  | SealCommand
  | ProveCommand
  | { readonly kind: 'check-proof'; readonly proof: string; readonly publicKey: string };

export type SealCommand = {
  readonly kind: 'seal';
  readonly database: string | undefined;
  /** File of the private key; undefined if the environment has it. */
  readonly key: string | undefined;
  readonly output: string;
  /** File of the seal before this one. */
  readonly previous: string | undefined;
};

export type ProveCommand = {
  readonly kind: 'prove';
  readonly database: string | undefined;
  readonly sessionId: string;
  readonly seal: string;
  readonly output: string | undefined;
};

/** The seal with which the audit compares the history, or after which it begins. */
export type SealChoice = { readonly seal: string; readonly publicKey: string };

export const EVIDENCE_USAGE = `seals (docs/seals.md)
  verify-sessions seal-key <name> [-o <file>]      a new key; the public one is written to <file>.pub
  verify-sessions seal --key <file> -o <seal>      signs the present history; the key may be in PHASELOCK_SEAL_KEY
  verify-sessions --all --against <seal> --public-key <file>
  verify-sessions --since-seal <seal> --public-key <file>
  verify-sessions prove <session> --seal <seal> -o <proof>   proves the events of one session
  verify-sessions check-proof <proof> --public-key <file>
  --previous <seal>      name the seal before this one in the new seal`;

export const EVIDENCE_OPTIONS = {
  chain: { type: 'boolean', default: false },
  against: { type: 'string' },
  'since-seal': { type: 'string' },
  'public-key': { type: 'string' },
  key: { type: 'string' },
  seal: { type: 'string' },
  previous: { type: 'string' },
} as const;

type Values = Readonly<
  Partial<
    Record<
      'against' | 'since-seal' | 'public-key' | 'key' | 'seal' | 'previous' | 'output' | 'database' | 'source',
      string
    >
  >
>;

/** Reads one of these commands; undefined if the first argument is none of them. */
export function evidenceCommandIn(
  [first, second, ...more]: readonly string[],
  values: Values,
): EvidenceCommand | undefined {
  const { database, output } = values;
  const only = (...read: readonly (keyof Values)[]): void => {
    for (const name of ['against', 'since-seal', 'public-key', 'key', 'seal', 'previous'] as const)
      if (values[name] !== undefined && !read.includes(name)) throw new UsageError(`${first} does not use --${name}`);
  };
  const one = (what: string): string => {
    if (second === undefined || more.length > 0) throw new UsageError(`${first} needs one ${what}`);
    return second;
  };
  switch (first) {
    case 'seal-key':
      only();
      return { kind: 'seal-key', name: one('name for the key'), output };
    case 'seal': {
      only('key', 'previous');
      if (second !== undefined) throw new UsageError('seal covers the whole database and takes no id');
      const seal = needed(output, 'seal needs -o: the heads are written beside the seal');
      return { kind: 'seal', database: ownDatabase(values), key: values.key, output: seal, previous: values.previous };
    }
    case 'prove': {
      only('seal');
      const sessionId = sessionIdIn(one('session'));
      const seal = needed(values.seal, 'prove needs --seal');
      return { kind: 'prove', database: ownDatabase(values), sessionId, seal, output };
    }
    case 'check-proof': {
      only('public-key');
      if (database !== undefined) throw new UsageError('check-proof needs no database');
      const publicKey = needed(values['public-key'], 'check-proof needs --public-key');
      return { kind: 'check-proof', proof: one('proof'), publicKey };
    }
    default:
      return undefined;
  }
}

/** The rules of a comparison with a seal: the hashes fit the events (SV601), and the seal fits the hashes. */
const COMPARING = ['SV601', 'SV603', 'SV604'] as const;

/** The seals that an audit uses. */
type AuditedSeals = { readonly against: SealChoice | undefined; readonly sinceSeal: SealChoice | undefined };

export function sealsIn(values: Values, wanted: Wanted, rules: ReadonlySet<RuleId>): AuditedSeals {
  const { against, 'since-seal': sinceSeal, 'public-key': publicKey } = values;
  for (const name of ['key', 'seal', 'previous'] as const)
    if (values[name] !== undefined) throw new UsageError(`--${name} does not belong to an audit`);
  if (against === undefined && sinceSeal === undefined) {
    if (publicKey !== undefined) throw new UsageError('--public-key needs --against or --since-seal');
    return { against: undefined, sinceSeal: undefined };
  }
  const isWhole = wanted.kind === 'all' && COMPARING.every((rule) => rules.has(rule));
  if (against !== undefined && (!isWhole || values.source !== undefined || sinceSeal !== undefined))
    throw new UsageError(`--against compares a whole phaselock database: it needs --all, with ${COMPARING.join(', ')}`);
  if (values.source !== undefined) throw new UsageError('--since-seal works only with a phaselock database');
  const chosen = (seal: string | undefined): SealChoice | undefined =>
    seal === undefined
      ? undefined
      : { seal, publicKey: needed(publicKey, '--against and --since-seal need --public-key') };
  return { against: chosen(against), sinceSeal: chosen(sinceSeal) };
}

function ownDatabase({ database, source }: Values): string | undefined {
  if (source !== undefined) throw new UsageError('only a phaselock database can be sealed');
  return database;
}

/** The id with dashes in lower case, as the heads have it. */
function sessionIdIn(given: string): string {
  const [hex] = /^[\da-f]{32}$/.exec(given.toLowerCase().replaceAll('-', '')) ?? [];
  if (hex === undefined) throw new UsageError(`${given} is not a session id: give its 32 hexadecimal digits`);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function needed(value: string | undefined, why: string): string {
  if (value === undefined || value === '') throw new UsageError(why);
  return value;
}
