import { parseAgent } from '../src/agents.ts';
import { parseGeneration, parseSessionId } from '../src/ids.ts';
import type { MissingWhy, ModelResolution, Parameters } from '../src/model-identity.ts';
import type { ModelPolicy } from '../src/model-policy.ts';
import type { ShownSession } from '../src/slot.ts';
import { must, Row } from './row.ts';

const WHYS: readonly MissingWhy[] = ['model-deleted', 'model-missing', 'variant-deleted', 'variant-missing'];

const parametersOf = (row: Row): Parameters => (row.has('parameters') ? row.row('parameters').flat() : {});

const resolvedIn = (row: Row): string | null => (row.has('resolved') ? row.textOrNull('resolved') : null);

/** Reads `{agent, model}` with optional `variant` and `parameters`, or with `missing` and the reason. */
export function readResolution(row: Row): ModelResolution {
  const agent = must(parseAgent(row.text('agent')), 'agent');
  const model = row.textOrNull('model');
  const variant = row.has('variant') ? row.textOrNull('variant') : null;
  const resolution: ModelResolution = row.has('missing')
    ? { kind: 'missing', agent, variant, model, why: row.oneOf('missing', WHYS) }
    : {
        kind: 'resolved',
        identity: { agent, variant, model, resolvedModel: resolvedIn(row), parameters: parametersOf(row) },
      };
  row.done();
  return resolution;
}

export function readPolicy(row: Row): ModelPolicy {
  const texts = (names: Row): Record<string, string> =>
    Object.fromEntries(names.names().map((name) => [name, names.text(name)]));
  const policy: ModelPolicy = {
    strict: row.flag('strict'),
    criticalParameters: row.texts('criticalParameters'),
    defaultModels: texts(row.row('defaultModels')),
    aliases: texts(row.row('aliases')),
  };
  row.done();
  return policy;
}

/** Reads a dictionary of named values at the top of a file. */
export function readNamed<Value>(file: unknown, section: string, read: (row: Row) => Value): (name: string) => Value {
  const rows = new Row(file, 'file').row(section);
  const values = new Map(rows.names().map((name) => [name, read(rows.row(name))]));
  return (name) => must(values.get(name), `${section}: ${name}`);
}

const generationOf = (value: number) => must(parseGeneration(value), 'generation');

/** Looks up session ids by the letters that the file's `sessions` defines. */
export function sessionsOf(file: unknown) {
  const sessions = new Row(file, 'file').row('sessions').flat();
  const idOf = (letter: string) => must(parseSessionId(String(sessions[letter])), `session ${letter}`);
  return { idOf, generationOf };
}

export type Say =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'replace'; readonly shown: ShownSession };

/** Reads `"nothing"`, `"keep"` or `{"replace": {session, generation}}`; `nothing` if the row has no `say`. */
export function readSay(row: Row, { idOf }: ReturnType<typeof sessionsOf>): Say {
  const said = row.has('say') ? row.take('say') : 'nothing';
  if (said === 'nothing' || said === 'keep') return { kind: said };
  const shown = new Row(said, 'say').row('replace');
  return {
    kind: 'replace',
    shown: { sessionId: idOf(shown.text('session')), generation: generationOf(shown.number('generation')) },
  };
}
