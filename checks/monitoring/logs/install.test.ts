import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const INSTALL = resolve(import.meta.dirname, '../../../ops/elk/install.sh');
const STATE = '/_plugins/_ism';

/**
 * The requests of install.sh to an imitated OpenSearch with these plugins, policies and streams. The real OpenSearch of
 * the tests has no plugins.
 */
async function askedOf(answers: Readonly<Record<string, string>>): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    await text(request);
    const [path = ''] = (request.url ?? '').split('?');
    asked.push(`${request.method} ${request.url}`);
    const answer = request.method === 'GET' ? answers[path] : '{}';
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(answer ?? '{"error":"not found"}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await promisify(execFile)(INSTALL, ['opensearch', `http://127.0.0.1:${port}`]);
    return asked;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const streams = { '/_data_stream/logs-phaselock.*-*': '{"data_streams":[{"name":"logs-phaselock.api-production"}]}' };
const plugin = { '/_cat/plugins': 'opensearch-index-management\nopensearch-job-scheduler\n' };

test('rolls over each existing stream by name, after the templates are installed', async () => {
  const asked = await askedOf({ ...streams, '/_cat/plugins': '' });
  expect(asked.at(-2)).toBe('POST /logs-phaselock.api-production/_rollover');
  expect(asked.filter((one) => one.includes(STATE))).toEqual([]);
});

test('installs the policy if OpenSearch has the plugin, and adds it to existing indices', async () => {
  const asked = await askedOf({ ...streams, ...plugin });
  expect(asked.slice(-2)).toEqual([`PUT ${STATE}/policies/phaselock-logs`, `POST ${STATE}/add/logs-phaselock.*-*`]);
});

test('replaces an existing policy with the sequence number of its last version', async () => {
  const policy = '{"_id":"phaselock-logs","_version":3,"_seq_no":7,"_primary_term":2,"policy":{}}';
  const asked = await askedOf({ ...streams, ...plugin, [`${STATE}/policies/phaselock-logs`]: policy });
  expect(asked).toContain(`PUT ${STATE}/policies/phaselock-logs?if_seq_no=7&if_primary_term=2`);
});
