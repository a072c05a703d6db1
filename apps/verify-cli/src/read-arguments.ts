import { parseArgs } from 'node:util';
import { findRule, RULE_IDS, RULES, type RuleId, type Severity, type Wanted } from '@phaselock/audit';
import { type ColourChoice, parseDuration } from '@phaselock/core';
import {
  EVIDENCE_OPTIONS,
  EVIDENCE_USAGE,
  type EvidenceCommand,
  evidenceCommandIn,
  type SealChoice,
  sealsIn,
} from './evidence/evidence-arguments.ts';
import { UsageError } from './usage-error.ts';

export { UsageError } from './usage-error.ts';

const FORMATS = ['human', 'json', 'ndjson', 'junit', 'github', 'sarif'] as const;
type Format = (typeof FORMATS)[number];

export type SourceChoice = { readonly kind: SourceKind; readonly path: string };
const SOURCE_KINDS = ['vibe-kanban', 'obra', 'claude-server'] as const;
type SourceKind = (typeof SOURCE_KINDS)[number];

export type Verify = {
  readonly kind: 'verify';
  readonly wanted: Wanted;
  readonly rules: ReadonlySet<RuleId>;
  readonly failOn: Severity;
  readonly format: Format;
  readonly output: string | undefined;
  readonly baseline: BaselineChoice | undefined;
  readonly database: string | undefined;
  readonly source: SourceChoice | undefined;
  readonly profiles: string | undefined;
  readonly logs: string | undefined;
  /** Whether to read the archive objects too; `archive` is their address. */
  readonly deep: boolean;
  readonly archive: string | undefined;
  /** Whether to compute every hash of the event chains anew; `--deep` and `--against` do so too. */
  readonly chain: boolean;
  readonly against: SealChoice | undefined;
  /** The seal after which the audit begins; `wanted` is then chosen when the seal has been read. */
  readonly sinceSeal: SealChoice | undefined;
  readonly report: boolean;
  /** Whether to store the result for the metrics; `recordTo` is the database if it is not the audited one. */
  readonly record: boolean;
  readonly recordTo: string | undefined;
  /** Whether an audit that read nothing may pass. */
  readonly allowEmpty: boolean;
  readonly maxDurationMs: number | undefined;
  readonly maxFindings: number;
  readonly colour: ColourChoice;
  readonly quiet: boolean;
};

export type BaselineChoice = {
  readonly path: string;
  /** Whether to accept the findings of this audit. */
  readonly write: boolean;
  /** Whether to remove the entries that no longer occur. */
  readonly prune: boolean;
};

export type Command =
  | Verify
  | EvidenceCommand
  | { readonly kind: 'rules' }
  | { readonly kind: 'explain'; readonly rule: RuleId }
  | { readonly kind: 'schema' }
  | { readonly kind: 'version' }
  | { readonly kind: 'help' };

export const USAGE = `usage:
  verify-sessions <attempt>            full id, or its first digits
  verify-sessions --task <id>
  verify-sessions --all [--since 24h] [--sample 5%]
  verify-sessions rules
  verify-sessions explain <rule>
  verify-sessions schema               JSON schema of --format json
  verify-sessions --version

${EVIDENCE_USAGE}

what to audit
  --database <url>       phaselock database; default PHASELOCK_DATABASE_URL, else the embedded database
  --source <kind>:<path> database of another system, opened read-only: ${SOURCE_KINDS.join(', ')}
  --profiles <file>      vibe-kanban profiles file, which maps each variant to its model
  --rule, --skip <ids>   run only these rules; leave these out (ids or names, comma-separated)
  --logs <file>          service log: check that each model change has a log line
  --chain                also compute every hash of the event chains anew, and compare rows and logs with them
  --deep                 also read every object of the archive and compare it with the history; includes --chain
  --archive <address>    address of the archive; default PHASELOCK_ARCHIVE_URL, else beside the embedded database
  --allow-empty          accept an audit that finds nothing to read, such as one of a new database
  --max-duration <time>  time limit, such as 10m; rules that did not run are reported

output
  --format <format>      ${FORMATS.join(', ')}
  -o, --output <file>    write to this file instead of standard output
  --record               store the result in audit_runs, for the metrics of the service
  --record-to <url>      store it in this database, if the audited one is a read-only replica
  --report               add the counts of sessions, tasks and interactions
  --fail-on <severity>   lowest severity that fails: error (default), warning or info
  --baseline <file>      file of accepted findings, which do not count
  --write-baseline       accept the findings of this audit: add them to the file, or create it
  --prune-baseline       remove the accepted findings that no longer occur
  --max-findings <n>     stop after this many errors and warnings, and list at most this many infos (default 10000)
  --color <when>         auto, always, never
  -q, --quiet            no header, timeline, progress or list of rules that do not apply

exit: 0 no findings · 1 audit incomplete, or nothing to read · 2 findings
      3 no such attempt or task · 4 database with older or newer migrations than this release
      64 usage error · 130, 143 ended by SIGINT, SIGTERM`;

const OPTIONS = {
  task: { type: 'string' },
  all: { type: 'boolean', default: false },
  since: { type: 'string' },
  sample: { type: 'string' },
  database: { type: 'string' },
  source: { type: 'string' },
  profiles: { type: 'string' },
  rule: { type: 'string', multiple: true },
  skip: { type: 'string', multiple: true },
  logs: { type: 'string' },
  deep: { type: 'boolean', default: false },
  archive: { type: 'string' },
  ...EVIDENCE_OPTIONS,
  'max-duration': { type: 'string' },
  format: { type: 'string', default: 'human' },
  output: { type: 'string', short: 'o' },
  record: { type: 'boolean', default: false },
  'record-to': { type: 'string' },
  report: { type: 'boolean', default: false },
  'fail-on': { type: 'string', default: 'error' },
  baseline: { type: 'string' },
  'write-baseline': { type: 'boolean', default: false },
  'prune-baseline': { type: 'boolean', default: false },
  'allow-empty': { type: 'boolean', default: false },
  'max-findings': { type: 'string', default: '10000' },
  color: { type: 'string', default: 'auto' },
  quiet: { type: 'boolean', short: 'q', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parse>['values'];

const parse = (argv: readonly string[]) => parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });

export function readArguments(argv: readonly string[]): Command {
  const { values, positionals } = orUsage(() => parse(argv.filter((arg) => arg !== '--')));
  const [first, second, ...more] = positionals;
  if (values.help || (first === undefined && argv.length === 0)) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  if (first === 'rules') return { kind: 'rules' };
  if (first === 'schema') return { kind: 'schema' };
  if (first === 'explain') return { kind: 'explain', rule: ruleNamed(second ?? '') };
  const evidence = evidenceCommandIn(positionals, values);
  if (evidence !== undefined) return evidence;
  if (second !== undefined || more.length > 0) throw new UsageError('one attempt at a time');
  const wanted = wantedIn(values, first);
  const rules = rulesIn(values);
  return {
    kind: 'verify',
    wanted,
    rules,
    failOn: oneOf('--fail-on', values['fail-on'], ['error', 'warning', 'info']),
    format: oneOf('--format', values.format, FORMATS),
    output: values.output,
    baseline: baselineIn(values),
    database: values.database,
    source: sourceIn(values),
    profiles: values.profiles,
    logs: values.logs,
    deep: deepIn(values),
    archive: values.archive,
    chain: chainIn(values),
    ...sealsIn(values, wanted, rules),
    report: values.report,
    record: recordIn(values),
    recordTo: values['record-to'],
    allowEmpty: values['allow-empty'],
    maxDurationMs:
      values['max-duration'] === undefined ? undefined : durationIn('--max-duration', values['max-duration']),
    maxFindings: wholeNumber('--max-findings', values['max-findings']),
    colour: oneOf('--color', values.color, ['auto', 'always', 'never']),
    quiet: values.quiet,
  };
}

function wantedIn(values: Values, attempt: string | undefined): Wanted {
  const { task, all, since, sample, 'since-seal': sinceSeal } = values;
  if (sinceSeal !== undefined) {
    if (all || [attempt, task, since, sample].some((one) => one !== undefined))
      throw new UsageError('--since-seal excludes an attempt, --task, --all, --since and --sample');
    return { kind: 'all' };
  }
  const chosen = [attempt, task, all || since || sample].filter(Boolean).length;
  if (chosen === 0) throw new UsageError('name what to audit: an attempt, --task or --all');
  if (chosen > 1) throw new UsageError('an attempt, --task and --all exclude each other');
  if (since !== undefined && sample !== undefined) throw new UsageError('--since and --sample exclude each other');
  if (attempt !== undefined) return { kind: 'attempt', given: attempt };
  if (task !== undefined) return { kind: 'task', given: task };
  if (since !== undefined) return { kind: 'since', since: new Date(Date.now() - durationIn('--since', since)) };
  if (sample !== undefined) return { kind: 'sample', share: shareIn(sample) };
  return { kind: 'all' };
}

/** The rules on the audit itself accompany the others, whichever `--rule` names; only `--skip` leaves them out. */
function rulesIn({ rule, skip }: Values): ReadonlySet<RuleId> {
  const named = (given: readonly string[]): RuleId[] => given.flatMap((text) => text.split(',')).map(ruleNamed);
  const meta = RULE_IDS.filter((id) => RULES[id].family === 'meta');
  const only = rule === undefined ? RULE_IDS : [...named(rule), ...meta];
  const without = new Set(named(skip ?? []));
  const chosen = only.filter((id) => !without.has(id));
  if (chosen.every((id) => meta.includes(id)))
    throw new UsageError(
      'no rule is left to run: --skip leaves out every rule, or --rule names only rules on the audit itself',
    );
  return new Set(chosen);
}

function ruleNamed(text: string): RuleId {
  const found = findRule(text.trim());
  if (found === undefined)
    throw new UsageError(`there is no rule ${text || '(none given)'}; \`verify-sessions rules\` lists them`);
  return found;
}

function sourceIn({ source, database }: Values): SourceChoice | undefined {
  if (source === undefined) return undefined;
  if (database !== undefined) throw new UsageError('--source and --database exclude each other');
  const at = source.indexOf(':');
  const path = source.slice(at + 1);
  if (at < 0 || path === '') throw new UsageError(`--source is <kind>:<path>, with one of ${SOURCE_KINDS.join(', ')}`);
  return { kind: oneOf('--source', source.slice(0, at), SOURCE_KINDS), path };
}

function deepIn({ deep, archive, source }: Values): boolean {
  if (archive !== undefined && !deep) throw new UsageError('--archive needs --deep');
  if (deep && source !== undefined)
    throw new UsageError('--deep works only with a phaselock database: other systems have no archive');
  return deep;
}

function chainIn({ chain, source }: Values): boolean {
  if (chain && source !== undefined)
    throw new UsageError('--chain works only with a phaselock database: other systems have no event chains');
  return chain;
}

/** `--record` needs all rules, because the stored counts are read as the result of a full audit. */
function recordIn({ record, 'record-to': to, source, rule, skip }: Values): boolean {
  if (!record && to === undefined) return false;
  if (source !== undefined) throw new UsageError('--record works only with a phaselock database');
  if (rule !== undefined || skip !== undefined) throw new UsageError('--record excludes --rule and --skip');
  return true;
}

function baselineIn(values: Values): BaselineChoice | undefined {
  const { baseline: path, 'write-baseline': write, 'prune-baseline': prune } = values;
  if (path !== undefined) return { path, write, prune };
  if (write) throw new UsageError('--write-baseline needs --baseline');
  if (prune) throw new UsageError('--prune-baseline needs --baseline');
  return undefined;
}

function oneOf<const Choice extends string>(flag: string, given: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new UsageError(`${flag} is one of ${choices.join(', ')}`);
  return found;
}

function durationIn(flag: string, given: string): number {
  const ms = parseDuration(given);
  if (ms === undefined) throw new UsageError(`${flag} is a time such as 30s, 10m, 24h or 7d`);
  return ms;
}

function shareIn(given: string): number {
  const [, digits] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(given) ?? [];
  const share = Number(digits) / 100;
  if (!(share > 0 && share <= 1)) throw new UsageError('--sample is a share such as 5%');
  return share;
}

function wholeNumber(flag: string, given: string): number {
  const value = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  if (value < 1) throw new UsageError(`${flag} is a whole number from 1`);
  return value;
}

function orUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
