import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import { alertmanagerAvailable, eventually, startAlertmanager, temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test, vi } from 'vitest';
import { ALERTS } from '../alerts/alert-rules.ts';

// A real server, which tells each group at its own time.
vi.setConfig({ testTimeout: 120_000 });

const FOLDER = resolve(import.meta.dirname, '../../../../ops/alertmanager');
const FILE = join(FOLDER, 'alertmanager.yml');
const committed = readFileSync(FILE, 'utf8');
const available = alertmanagerAvailable();

test('it names no alert that is not there', () => {
  const named = [...committed.matchAll(/alertname=~?"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|'));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !ALERTS.some((alert) => alert.name === name))).toEqual([]);
});

test('every secret is in a file', () => {
  expect(committed).not.toMatch(/(?:routing_key|service_key|credentials|password):/);
});

describe.skipIf(available.kind === 'none')('Alertmanager', () => {
  const amtool = (...args: readonly string[]): string =>
    execFileSync('amtool', [...args], { encoding: 'utf8', stdio: 'pipe' });

  test('finds its configuration right', () => {
    expect(amtool('check-config', FILE)).toContain('SUCCESS');
  });

  const RECEIVERS = { page: 'pagerduty', ticket: 'tickets', none: 'dead-mans-switch' } as const;
  test.each(ALERTS)('sends $name ($severity) where it belongs', ({ name, severity }) => {
    const labels = [`alertname=${name}`, 'service=phaselock', `severity=${severity}`];
    const routed = amtool('config', 'routes', 'test', `--config.file=${FILE}`, ...labels);
    expect(routed.trim()).toBe(RECEIVERS[severity]);
  });

  test('sends what has no severity to tickets', () => {
    expect(amtool('config', 'routes', 'test', `--config.file=${FILE}`, 'alertname=Other').trim()).toBe('tickets');
  });

  test('calls PagerDuty once for an outage, tries again when it is told to wait, and resolves under the same key', async () => {
    await using world = await openWorld();
    const cause = { alertname: 'PhaselockConnectionFailures', severity: 'page' };
    await world.tell([cause], 'fires');
    await eventually(() => world.pages().length >= 2, PATIENT);
    await world.tell([...CONSEQUENCES, ...OTHERS], 'fires');
    await eventually(() => world.heard('/tickets') > 0 && world.heard('/ping') > 0, PATIENT);
    await eventually(async () => expect(await world.suppressed()).toEqual(namesOf(CONSEQUENCES)), PATIENT);
    await world.tell(CONSEQUENCES, 'is over');
    await eventually(async () => expect(await world.suppressed()).toEqual([]), PATIENT);
    await world.tell([cause], 'is over');
    await eventually(() => world.pages().some(({ event_action: action }) => action === 'resolve'), PATIENT);
    const events = world.pages();
    expect(new Set(events.map(({ dedup_key }) => dedup_key)).size).toBe(1);
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'trigger', 'resolve']);
    expect(events[0]).toMatchObject({
      routing_key: 'a routing key',
      client: 'Alertmanager of phaselock',
      links: [{ href: 'https://runbooks.example.com/x.md', text: 'Runbook' }],
      payload: {
        summary: 'PhaselockConnectionFailures: what PhaselockConnectionFailures means',
        severity: 'critical',
        class: 'PhaselockConnectionFailures',
        component: 'phaselock',
        custom_details: { num_firing: '1', runbook: 'https://runbooks.example.com/x.md' },
      },
    });
    expect(world.ticketsFor()).toEqual(['PhaselockRedisAway']);
  });
});

const PATIENT = { withinMs: 60_000, everyMs: 50 };
const CONSEQUENCES: readonly Fired[] = [
  { alertname: 'PhaselockAvailabilityBudgetBurn', severity: 'page', slo: 'availability', window: '1h' },
  { alertname: 'PhaselockAvailabilityBudgetBurn', severity: 'ticket', slo: 'availability', window: '1d' },
  { alertname: 'PhaselockErrorRateHigh', severity: 'page' },
  { alertname: 'PhaselockLookupSlow', severity: 'ticket' },
];
const OTHERS: readonly Fired[] = [
  { alertname: 'PhaselockRedisAway', severity: 'ticket' },
  { alertname: 'PhaselockWatchdog', severity: 'none' },
];
const namesOf = (alerts: readonly Fired[]): string[] => alerts.map(({ alertname }) => alertname).toSorted();

type Fired = { readonly alertname: string; readonly severity: string; readonly slo?: string; readonly window?: string };

/** The committed configuration with other addresses, files and times, and listeners in place of those it calls. */
async function openWorld() {
  await using resources = new AsyncDisposableStack();
  const { path } = resources.use(await temporaryDirectory());
  const bodies: { readonly path: string; readonly body: Record<string, unknown> }[] = [];
  let told = false;
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body: unknown = JSON.parse(text);
      bodies.push({ path: request.url ?? '', body: Object(body) });
      const wait = request.url === '/pagerduty' && !told;
      told ||= wait;
      response.writeHead(wait ? 429 : 202).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => void server.close());
  resources.defer(() => server.closeAllConnections());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  for (const [name, secret] of [
    ['pagerduty-routing-key', 'a routing key'],
    ['tickets-token', 'a token'],
    ['dead-mans-switch-token', 'another token'],
  ] as const)
    writeFileSync(join(path, name), secret);
  cpSync(join(FOLDER, 'templates'), join(path, 'templates'), { recursive: true });
  const config = committed
    .replaceAll('/etc/alertmanager/secrets', path)
    .replaceAll(/https:\/\/[\w.-]+\/(hooks\/alertmanager|ping)/g, (_, at: string) =>
      at === 'ping' ? `${url}/ping` : `${url}/tickets`,
    )
    .replaceAll(/(group_wait|group_interval): \w+/g, '$1: 1s')
    .replace(/( +)- routing_key_file/, `$1- url: ${url}/pagerduty\n$1  routing_key_file`);
  const file = join(path, 'alertmanager.yml');
  writeFileSync(file, config);
  const alertmanager = resources.use(await startAlertmanager({ config: file }));
  const tell = async (fired: readonly Fired[], what: 'fires' | 'is over'): Promise<void> => {
    const alerts = fired.map((labels) => ({
      labels: { service: 'phaselock', ...labels },
      annotations: {
        summary: `what ${labels.alertname} means`,
        description: 'a description',
        runbook_url: 'https://runbooks.example.com/x.md',
      },
      startsAt: new Date(Date.now() - 60_000).toISOString(),
      ...(what === 'is over' && { endsAt: new Date().toISOString() }),
    }));
    const answer = await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    expect(answer.status).toBe(200);
  };
  /** The names of those that fire and are not told. */
  const suppressed = async (): Promise<string[]> => {
    const alerts: unknown = await alertmanager.ask('/api/v2/alerts?active=false&silenced=false&inhibited=true');
    if (!Array.isArray(alerts)) throw new Error('Alertmanager gave no list of alerts.');
    return alerts.map(({ labels }) => String(labels.alertname)).toSorted();
  };
  const to = (place: string) => bodies.filter(({ path: at }) => at === place).map(({ body }) => body);
  const owned = resources.move();
  return {
    tell,
    suppressed,
    pages: () => to('/pagerduty'),
    heard: (place: string) => to(place).length,
    ticketsFor: () =>
      [...new Set(to('/tickets').map(({ groupLabels }) => String(Object(groupLabels).alertname)))].toSorted(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
