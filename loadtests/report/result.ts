import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** The stored result of a run, from which all pages, pictures and comparisons are generated. */

export const RESULT_FILE = 'result.json';
export const FORMAT = 2 as const;

const count = z.number().int().nonnegative();
const ms = z.number();

const facts = z.object({
  scenario: z.string().min(1),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  product: z.enum(['self', 'address']),
  urls: z.array(z.string()),
  apis: count,
  workersPerApi: count,
  machine: z.object({ cores: count, memoryBytes: count, cpuModel: z.string() }),
  revision: z.string().nullable(),
  versions: z.object({ node: z.string(), k6: z.string(), postgresql: z.string() }),
  users: count,
  durationSeconds: z.number().nonnegative(),
  sessionsBefore: count.nullable(),
  k6Exit: z.number().int(),
  crashes: z.array(z.string()),
});

/**
 * Times are milliseconds since the start of the run. `period` is the number of the purge period that contains the
 * window.
 */
const window = z.object({ from: ms, to: ms, purge: z.boolean().nullable(), period: count.nullable() });

/** `okTimes` and `refusedTimes` are packed histograms. Unanswered and shed calls are counted, but have no duration. */
const counts = z.object({
  ok: count,
  refused: count,
  unknown: count,
  shed: count,
  okTimes: z.array(count),
  refusedTimes: z.array(count),
});

const series = z.object({ name: z.string(), arm: z.enum(['closed', 'open']), windows: z.array(counts) });

const use = z.object({
  of: z.string(),
  cpuSeconds: z.number().nonnegative(),
  windows: z.array(z.object({ cores: z.number().nonnegative(), memoryBytes: count }).nullable()),
});

const recovery = z.object({
  name: z.string(),
  at: ms,
  until: ms,
  /** The event from which recovery is measured. */
  from: z.enum(['kill', 'end']),
  p95BeforeMs: ms.nullable(),
  firstWriteMs: ms.nullable(),
  normalMs: ms.nullable(),
});

const limit = z.object({
  what: z.string(),
  limit: z.number(),
  /** Null if not measured, which counts as missed. */
  measured: z.number().nullable(),
  unit: z.string(),
  kept: z.boolean(),
});

const rule = z.object({ checker: z.string(), compared: z.record(z.string(), count), findings: count });

const proof = z.object({
  calls: count,
  promises: z.array(z.object({ promise: z.string(), compared: count, findings: count })),
  checkers: z.array(rule),
  audit: z.object({ exitCode: z.number().int().nullable(), summary: z.string() }).nullable(),
  notChecked: z.array(z.string()),
  findings: z.array(z.string()),
});

const resultSchema = z.object({
  format: z.literal(FORMAT),
  facts,
  windows: z.array(window),
  series: z.array(series),
  resources: z.array(use),
  /** API and PostgreSQL together; null if nothing was sampled. */
  server: z
    .object({ highestCores: z.number(), highestMemoryBytes: count, cpuSeconds: z.number(), sampledSeconds: z.number() })
    .nullable(),
  /** Measurements of the database; null if there are none. */
  database: z.object({ walBytes: count.nullable(), connections: count.nullable() }).nullable(),
  faults: z.array(recovery),
  droppedArrivals: count,
  limits: z.array(limit),
  proof,
});

export type Result = z.infer<typeof resultSchema>;
export type ResultWindow = Result['windows'][number];
export type Series = Result['series'][number];
export type Recovery = Result['faults'][number];
export type Limit = Result['limits'][number];

/** Reads a result from the folder of a run or from a stored file. */
export async function readResult(path: string): Promise<Result> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, RESULT_FILE) : path;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read: ${error.code ?? error.message}`);
  });
  const read = parseResult(text);
  if ('wrong' in read) throw new Error(`${file} is not a result of a load run: ${read.wrong}`);
  return read.result;
}

/** Describes the first problem in one line. */
function parseResult(text: string): { readonly result: Result } | { readonly wrong: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { wrong: 'it is not JSON' };
  }
  if (typeof value !== 'object' || value === null || !('format' in value)) return { wrong: 'it has no format' };
  if (value.format !== FORMAT)
    return {
      wrong: `its format is ${JSON.stringify(value.format)?.slice(0, 20)}, but ${FORMAT} is required: run it again`,
    };
  const parsed = resultSchema.safeParse(value);
  if (parsed.success) return { result: parsed.data };
  const [first] = parsed.error.issues;
  return { wrong: `at ${first?.path.join('.') ?? 'the root'}: ${first?.message ?? 'invalid value'}` };
}
