import { describe, expect, it } from 'vitest';
import { createTelemetry, type TelemetryOptions } from './create-telemetry.ts';

/** The Accept header of Prometheus 2.42. */
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

const scraped = async (options: TelemetryOptions, record: (made: ReturnType<typeof createTelemetry>) => void) => {
  const telemetry = createTelemetry(options);
  record(telemetry);
  const { text, contentType } = await telemetry.answerScrape(PROMETHEUS);
  return { telemetry, lines: text.split('\n'), contentType };
};

const samples = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ # \{.*$/, ''));

describe('OpenMetrics', () => {
  it('contains the same series as the Prometheus text format, which stays unchanged', async () => {
    const telemetry = createTelemetry({ operations: { getSession: 'usual' } });
    telemetry.http.answered('getSession', 200, 0.3, { request_id: 'r-1' });
    const before = await telemetry.exposition();
    const { text } = await telemetry.answerScrape(PROMETHEUS);
    expect(samples(text)).toEqual(samples(before));
    expect(await telemetry.exposition()).toBe(before);
    expect(before).not.toContain('r-1');
  });

  it('names counter families without _total, has no empty lines, and ends with # EOF', async () => {
    const { lines, contentType } = await scraped({}, (telemetry) => telemetry.replayed());
    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(lines).toContain('# TYPE phaselock_idempotent_replays counter');
    expect(lines).toContain('phaselock_idempotent_replays_total 1');
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
    expect(lines.slice(0, -1)).not.toContain('');
  });

  it('has the latest request of a bucket as its exemplar', async () => {
    const { lines } = await scraped(
      { operations: { getSession: 'usual' }, exemplar: () => ({ request_id: 'r-9', trace_id: 'ab' }) },
      (telemetry) => {
        telemetry.http.answered('getSession', 200, 0.03, { request_id: 'r-1' });
        telemetry.http.answered('getSession', 200, 0.04, { request_id: 'r-2' });
        telemetry.http.answered('getSession', 200, 60, { request_id: 'r-3' });
        telemetry.sessionReplaced({ reason: 'model-changed', cohort: 'treatment', seconds: 0.3 });
      },
    );
    const marked = lines.filter((line) => line.includes(' # {')).map((line) => line.replace(/ [\d.]+$/, ''));
    expect(marked).toEqual([
      expect.stringMatching(
        /^phaselock_session_replacement_seconds_bucket\{le="0.5"[^}]*\} 1 # \{request_id="r-9",trace_id="ab"\} 0.3$/,
      ),
      'phaselock_http_request_seconds_bucket{le="0.05",operation="getSession"} 2 # {request_id="r-2"} 0.04',
      'phaselock_http_request_seconds_bucket{le="+Inf",operation="getSession"} 3 # {request_id="r-3"} 60',
    ]);
  });
});

describe('long answers and probes', () => {
  const operations = { getSession: 'usual', taskChanges: 'long', readiness: 'probe' } as const;

  it('have their own histograms, and are counted with all requests', async () => {
    const telemetry = createTelemetry({ operations });
    for (const name of ['getSession', 'taskChanges', 'readiness', 'nothing we know'])
      telemetry.http.answered(name, 200, 2);
    const counted = samples(await telemetry.exposition()).filter((line) =>
      /^phaselock_http_\w*(?:_count|requests_total)\{.* 1$/.test(line),
    );
    expect(counted).toEqual([
      ...['getSession', 'taskChanges', 'readiness', 'unknown'].map(
        (name) => `phaselock_http_requests_total{operation="${name}",status_class="2xx"} 1`,
      ),
      'phaselock_http_request_seconds_count{operation="getSession"} 1',
      'phaselock_http_request_seconds_count{operation="unknown"} 1',
      'phaselock_http_long_answer_seconds_count{operation="taskChanges"} 1',
      'phaselock_http_probe_seconds_count{operation="readiness"} 1',
    ]);
  });

  it('have no series in the histogram of usual answers', async () => {
    const text = await createTelemetry({ operations }).exposition();
    expect(text).not.toMatch(/phaselock_http_request_seconds\w*\{.*operation="(?:taskChanges|readiness)"/);
  });
});
