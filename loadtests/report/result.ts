import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What is kept of a run. Every page, picture and comparison is made of it, and of nothing else. */

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

/** Times are milliseconds since the run began. `period`: the number of the period with or without the purge worker it lies in. */
const window = z.object({ from: ms, to: ms, purge: z.boolean().nullable(), period: count.nullable() });

/** `okTimes` and `refusedTimes`: histograms of what was answered, packed. What had no answer or was shed is counted and not timed. */
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
  /** From which moment recovery is counted. */
  from: z.enum(['kill', 'end']),
  p95BeforeMs: ms.nullable(),
  firstWriteMs: ms.nullable(),
  normalMs: ms.nullable(),
});

const limit = z.object({
  what: z.string(),
  limit: z.number(),
  /** Null: not measured, which is a miss. */
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
  /** API and PostgreSQL together. Null: nothing was sampled. */
  server: z
    .object({ highestCores: z.number(), highestMemoryBytes: count, cpuSeconds: z.number(), sampledSeconds: z.number() })
    .nullable(),
  /** Of the database, where it was measured. */
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

/** Of a folder of a run, or of a file that was kept of one. */
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
  if ('wrong' in read) throw new Error(`${file} is no result of a load run: ${read.wrong}`);
  return read.result;
}

/** What is wrong is told in one line, of the first thing that is. */
function parseResult(text: string): { readonly result: Result } | { readonly wrong: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { wrong: 'it is not JSON' };
  }
  if (typeof value !== 'object' || value === null || !('format' in value)) return { wrong: 'it says no format' };
  if (value.format !== FORMAT)
    return { wrong: `its format is ${JSON.stringify(value.format)?.slice(0, 20)}, and ${FORMAT} is read: run it anew` };
  const parsed = resultSchema.safeParse(value);
  if (parsed.success) return { result: parsed.data };
  const [first] = parsed.error.issues;
  return { wrong: `at ${first?.path.join('.') ?? 'its top'}: ${first?.message ?? 'it does not fit'}` };
}
