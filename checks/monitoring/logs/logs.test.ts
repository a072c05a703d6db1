import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LOG_PATTERN, LOG_SEARCHES } from '@phaselock/monitoring';
import { LOG_ACTIONS } from '@phaselock/telemetry';
import { eventually, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logTools } from './log-tools.ts';
import { type OpenSearch, openOpenSearch } from './open-opensearch.ts';
import { openRsyslog } from './open-rsyslog.ts';
import { CANARY, type Line, linesIn, othersIn, type ProductRun, runProduct, TRACE } from './run-product.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const tools = logTools();

type Hit = { readonly _id: string; readonly _index: string; readonly _source: Line };

/** Ships the log lines of real processes with ops/elk/rsyslog.conf to an index made by ops/elk/install.sh. */
describe.skipIf(tools.kind === 'none')('the log lines of a run', () => {
  const resources = new AsyncDisposableStack();
  let search: OpenSearch;
  let run: ProductRun;
  let written: Line[];
  let hits: Hit[];

  const ask = async (query: object): Promise<Hit[]> => {
    await search.ask('POST', `${LOG_PATTERN}/_refresh`);
    const { body } = await search.ask('POST', `${LOG_PATTERN}/_search`, { size: 10_000, query });
    return hitsIn(body);
  };
  const found = (query: string): Promise<Hit[]> => ask({ query_string: { query } });

  beforeAll(async () => {
    if (tools.kind === 'none') return;
    const folder = resources.use(await temporaryDirectory()).path;
    // OpenSearch starts slowly, so the product runs meanwhile.
    [search, run] = await Promise.all([openOpenSearch(tools.openSearch), runProduct()]);
    resources.use(search);
    resources.use(run);
    await streamOfAnOlderRelease(join(folder, 'elk'), search);
    execFileSync(join(ROOT, 'ops/elk/install.sh'), ['opensearch', search.url], { stdio: 'pipe' });
    written = linesIn(run.logs);
    resources.use(await openRsyslog({ root: tools.rsyslog, logs: run.logs, folder, port: search.port }));
    await eventually(async () => (await ask({ match_all: {} })).length >= written.length, {
      withinMs: 60_000,
      everyMs: 250,
    });
    hits = await ask({ match_all: {} });
  }, 400_000);
  afterAll(() => resources.disposeAsync());

  test('are all in the index, unchanged, and nothing else is', () => {
    const texts = (lines: readonly Line[]): string[] =>
      lines.map((line) => JSON.stringify(Object.entries(line).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted();
    expect(texts(hits.map(({ _source: { 'event.ingested': _, ...line } }) => withoutIngested(line)))).toEqual(
      texts(written),
    );
    // A lower bound: a slow machine writes more lines, for example about retried statements.
    expect(written.length).toBeGreaterThan(50);
    expect(existsSync(join(run.logs, 'refused.json'))).toBe(false);
    console.log(`${hits.length} of ${written.length} lines are indexed, ${othersIn(run.logs).length} others set aside`);
  });

  test('are in one stream for each program and environment', () => {
    const streams = new Set(hits.map(({ _index }) => _index.replace(/^\.ds-(.*)-\d+$/, '$1')));
    expect([...streams].toSorted()).toEqual(['logs-phaselock.api-proof', 'logs-phaselock.purge_worker-proof']);
  });

  test('have the action of everything that was done', () => {
    const told = new Set(written.map((line) => line['event.action']));
    const expected = [
      'service-started',
      'setting-unknown',
      'session-created',
      'session-replaced',
      'session-deleted',
      'model-changed',
      'lease-lapsed',
      'temporary-session-opened',
      'temporary-session-ended',
      'flag-changed',
      'flag-killed',
      'cache-connected',
      'cache-disconnected',
      'postgres-ended',
      'postgres-running-again',
      'purge-waiting',
      'purge-run-began',
      'purge-lane-ended',
      'purge-stopping',
      'traces-dropped',
    ] as const satisfies readonly (keyof typeof LOG_ACTIONS)[];
    expect(expected.filter((action) => !told.has(action))).toEqual([]);
    const events = hits.filter(({ _source }) => String(_source['event.action']) in LOG_ACTIONS);
    expect(events.length).toBeGreaterThan(expected.length);
  });

  test('include the model change, which its fields find', async () => {
    const { attemptId, sessionId } = run.changed;
    const changes = await ask({
      bool: { filter: [{ term: { task_attempt_id: attemptId } }, { exists: { field: 'previous_variant' } }] },
    });
    expect(changes.map(({ _source }) => _source)).toMatchObject([
      {
        message: 'Model changed between sessions, starting fresh to avoid context incompatibility',
        'log.level': 'info',
        task_attempt_id: attemptId,
        previous_variant: 'claude-sonnet-4-5',
        current_variant: 'claude-opus-4-5',
        'phaselock.session_id': sessionId,
      },
    ]);
    const byText = await ask({ match_phrase: { message: 'Model changed between sessions' } });
    expect(byText.map(({ _id }) => _id)).toContain(changes[0]?._id);
  });

  test('of one request are found by its trace id', async () => {
    const traced = await ask({ term: { 'trace.id': TRACE } });
    expect(new Set(traced.map(({ _source }) => _source['transaction.id'])).size).toBeGreaterThanOrEqual(1);
    expect(traced.map(({ _source }) => _source['event.action'])).toEqual(
      expect.arrayContaining(['session-created', 'startSession']),
    );
  });

  test.each(LOG_SEARCHES.map(({ title, query }) => [title, query] as const))('are found by %s', async (_, query) => {
    expect((await found(query)).length).toBeGreaterThan(0);
  });

  const documented = [
    ...readFileSync(join(ROOT, 'docs/logs.md'), 'utf8').matchAll(/^\| [^|]+ \| `((?:[^`|]|\\\|)+)` +\|$/gm),
  ].map(([, query = '']) => query);
  test('are found by the queries of docs/logs.md', async () => {
    expect(documented.length).toBeGreaterThan(5);
    const empty = await Promise.all(documented.map(async (query) => ((await found(query)).length > 0 ? [] : [query])));
    expect(empty.flat()).toEqual([]);
  });

  test('contain no secret, and foreign lines are set aside in a file that only its owner can read', () => {
    const all = JSON.stringify(hits);
    expect(all).not.toContain(CANARY);
    expect(all).not.toContain(btoa(`me:${CANARY}`));
    expect(all).not.toContain(btoa(CANARY).replaceAll('=', ''));
    expect(all).not.toContain(run.key.slice(17));
    const aside = join(run.logs, 'aside.txt');
    const kept = readFileSync(aside, 'utf8');
    expect(kept.split('\n').filter(Boolean).toSorted()).toEqual(othersIn(run.logs).toSorted());
    // The secret is in a planted crash message. A shipper that sends all lines would have indexed it.
    expect(kept).toContain(CANARY);
    expect(statSync(aside).mode & 0o077).toBe(0);
  });

  test('with an unknown field or a wrong type are refused, and the mapping stays unchanged', async () => {
    const [line = {}] = written;
    const strange = { ...line, origin: 'a process' };
    const mistyped = { ...line, 'event.duration': 'long' };
    const before = await search.ask('GET', `${LOG_PATTERN}/_mapping`);
    appendFileSync(
      join(run.logs, 'late.log'),
      `${JSON.stringify(strange)}\n${JSON.stringify(mistyped)}\n${JSON.stringify({ ...line, message: 'a good one' })}\n`,
    );
    await eventually(async () => (await found('message:"a good one"')).length === 1, {
      withinMs: 30_000,
      everyMs: 100,
    });
    expect((await ask({ match_all: {} })).length).toBe(written.length + 1);
    const refused = readFileSync(join(run.logs, 'refused.json'), 'utf8');
    expect(refused).toContain('introduction of [origin]');
    expect(refused).toContain('event.duration');
    expect(await search.ask('GET', `${LOG_PATTERN}/_mapping`)).toEqual(before);
  });

  test('are accepted in the forms that Filebeat and Logstash send', async () => {
    const [line = {}] = written;
    const filebeat = nested({
      ...line,
      message: 'by Filebeat',
      'agent.id': '1',
      'agent.version': '9.1.0',
      'input.type': 'filestream',
      'log.offset': 17,
      'log.file.path': '/var/log/phaselock/api.log',
      'log.file.inode': '1',
      'host.name': 'h',
    });
    const logstash = {
      ...nested({
        ...line,
        message: 'by Logstash',
        'data_stream.type': 'logs',
        'data_stream.dataset': 'phaselock.api',
        'data_stream.namespace': 'proof',
      }),
      '@version': '1',
      tags: ['beats_input_raw_event'],
    };
    for (const document of [filebeat, logstash])
      expect(await search.ask('POST', 'logs-phaselock.api-proof/_doc', document)).toMatchObject({ status: 201 });
    expect((await found('event.dataset:"phaselock.api" AND message:"by Filebeat"'))[0]?._source).not.toHaveProperty(
      'agent',
    );
  });
});

/** Creates a stream from an older template, which lacks a field of the lines. */
async function streamOfAnOlderRelease(folder: string, search: OpenSearch): Promise<void> {
  await cp(join(ROOT, 'ops/elk'), folder, { recursive: true });
  const file = join(folder, 'elasticsearch/mappings.json');
  const made = JSON.parse(await readFile(file, 'utf8'));
  delete made.template.mappings.properties.event.properties.action;
  await writeFile(file, JSON.stringify(made));
  execFileSync(join(folder, 'install.sh'), ['opensearch', search.url], { stdio: 'pipe' });
  expect(await search.ask('PUT', '_data_stream/logs-phaselock.api-proof')).toMatchObject({ status: 200 });
}

const withoutIngested = ({ event, ...line }: Line): Line => {
  expect(event).toEqual({ ingested: expect.any(String) });
  return line;
};

function hitsIn(body: unknown): Hit[] {
  expect(body).toMatchObject({ hits: { hits: expect.any(Array) } });
  const { hits }: { hits: { hits: Hit[] } } = JSON.parse(JSON.stringify(body));
  return hits.hits;
}

/** Nests fields: `a.b` becomes `b` within `a`. */
function nested(fields: Line): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const parts = name.split('.');
    const last = parts.pop() ?? name;
    let place = root;
    for (const part of parts) {
      const next: Record<string, unknown> = { ...(typeof place[part] === 'object' ? place[part] : {}) };
      place[part] = next;
      place = next;
    }
    place[last] = value;
  }
  return root;
}
