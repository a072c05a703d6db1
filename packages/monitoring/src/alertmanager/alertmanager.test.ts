import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import { alertmanagerAvailable, eventually, startAlertmanager, temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { ALERTS, type ListedAlert } from '../alerts/alert-rules.ts';

// The tests start a real Alertmanager, which notifies once per group interval.
vi.setConfig({ testTimeout: 120_000 });

const FOLDER = resolve(import.meta.dirname, '../../../../ops/alertmanager');
const FILE = join(FOLDER, 'alertmanager.yml');
const committed = readFileSync(FILE, 'utf8');
const available = alertmanagerAvailable();

test('alertmanager.yml names only existing alerts', () => {
  const named = [...committed.matchAll(/alertname=~?"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|'));
  expect(named).not.toEqual([]);
  expect(named.filter((name) => !ALERTS.some((alert) => alert.name === name))).toEqual([]);
});

test('an alert is inhibited only by an alert of the same instance that is evaluated earlier', () => {
  const order = ALERTS.map(({ name }) => name);
  const { inhibit_rules: rules } = parse(committed);
  for (const { source_matchers: sources, target_matchers: targets, equal } of rules) {
    const [source, target] = [nameIn(sources), nameIn(targets)];
    expect(equal, target).toEqual(expect.arrayContaining(['environment', 'instance', 'job', 'service']));
    expect(order.indexOf(source), source).toBeLessThan(order.indexOf(target));
  }
});

test('alertmanager.yml reads every secret from a file', () => {
  expect(committed).not.toMatch(/(?:routing_key|service_key|credentials|password):/);
});

describe.skipIf(available.kind === 'none')('Alertmanager', () => {
  const amtool = (...args: readonly string[]): string =>
    execFileSync('amtool', [...args], { encoding: 'utf8', stdio: 'pipe' });

  test('accepts the committed configuration', () => {
    expect(amtool('check-config', FILE)).toContain('SUCCESS');
  });

  const RECEIVERS = { page: 'pagerduty', ticket: 'tickets', none: 'dead-mans-switch' } as const;
  test.each(ALERTS)('routes $name ($severity) to the receiver of its severity', ({ name, severity }) => {
    const labels = [`alertname=${name}`, 'service=phaselock', `severity=${severity}`];
    const routed = amtool('config', 'routes', 'test', `--config.file=${FILE}`, ...labels);
    expect(routed.trim()).toBe(RECEIVERS[severity]);
  });

  test('routes an alert without a severity to tickets', () => {
    expect(amtool('config', 'routes', 'test', `--config.file=${FILE}`, 'alertname=Other').trim()).toBe('tickets');
  });

  test('retries a page after a 429 from PagerDuty and resolves it under the same dedup key', async () => {
    await using world = await openWorld();
    await world.tell([CONNECTIONS], 'fires');
    await world.until(() => world.pages().length === 2);
    await world.tell([CONNECTIONS], 'is over');
    await world.until(() => world.pages().some(({ event_action: action }) => action === 'resolve'));
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
  });

  test('resolves every page and ticket of a database outage', async () => {
    await using world = await openWorld();
    // The order in which the alerts of a real outage fire: the budgets burn after two minutes, the share of failed
    // connections has lasted long enough after four.
    for (const alert of [SLOW, BURN_1H, BURN_6H, BURN_1D, CONNECTIONS, STARTS]) {
      await world.tell([alert], 'fires');
      await world.until(() => world.openFor(alert));
    }
    // Alerts with long windows end last. After each end the test waits until Alertmanager has sent its notification.
    for (const alert of [SLOW, BURN_1H, CONNECTIONS, STARTS, BURN_6H, BURN_1D]) {
      await world.tell([alert], 'is over');
      await world.turns(2);
    }
    await world.until(() => world.open().length === 0);
    expect(world.opened()).toEqual([
      'PhaselockAvailabilityBudgetBurn',
      'PhaselockConnectionFailures',
      'PhaselockErrorRateHigh',
      'PhaselockLookupSlow',
    ]);
  });

  test('opens a second page when the last API goes down, and resolves both pages', async () => {
    await using world = await openWorld();
    const down = (instance: string): Fired => ({ alertname: 'PhaselockApiDown', severity: 'page', instance });
    const allDown = (instance: string): Fired => ({ alertname: 'PhaselockApiAllDown', severity: 'page', instance });
    await world.tell([down('api-1')], 'fires');
    await world.until(() => world.openFor(down('api-1')));
    await world.tell([allDown('api-1'), allDown('api-2')], 'fires');
    await world.until(() => world.openFor(allDown('api-1')));
    await world.tell([down('api-2')], 'fires');
    await world.turns(2);
    expect(await world.suppressed()).toEqual(['PhaselockApiDown', 'PhaselockApiDown']);
    expect(world.open()).toEqual(['PhaselockApiAllDown', 'PhaselockApiDown']);
    // One API comes back under another address, so the alerts of its old address end.
    await world.tell([allDown('api-1'), down('api-1')], 'is over');
    await world.turns(2);
    await world.tell([allDown('api-2')], 'is over');
    await world.turns(2);
    expect(world.open()).toEqual(['PhaselockApiDown']);
    await world.tell([down('api-2')], 'is over');
    await world.until(() => world.open().length === 0);
  });

  test('opens separate pages for two environments', async () => {
    await using world = await openWorld();
    for (const environment of ['production', 'staging']) await world.tell([{ ...CONNECTIONS, environment }], 'fires');
    await world.until(() => new Set(world.pages().map(({ dedup_key }) => dedup_key)).size === 2);
    expect(world.pages().map(({ payload }) => String(Object(payload).summary).split(':')[0])).toEqual(
      expect.arrayContaining(['production', 'staging']),
    );
  });

  test("calls the dead man's switch in every group interval", async () => {
    await using world = await openWorld();
    await world.tell([{ alertname: 'PhaselockWatchdog', severity: 'none' }], 'fires');
    await world.until(() => world.heard('/ping') > 0);
    const [calls, intervals] = [world.heard('/ping'), world.heard('/clock')];
    await world.turns(5);
    expect(world.heard('/ping') - calls).toBeGreaterThanOrEqual(world.heard('/clock') - intervals - 1);
  });
});

const nameIn = (matchers: readonly string[]): ListedAlert['name'] =>
  matchers.map((matcher) => /^alertname="(\w+)"$/.exec(matcher)?.[1] ?? matcher).join(', ');

const PATIENT = { withinMs: 60_000, everyMs: 50 };

type Fired = { readonly alertname: string; readonly severity: string } & Readonly<Record<string, string>>;

const CONNECTIONS: Fired = { alertname: 'PhaselockConnectionFailures', severity: 'page' };
const STARTS: Fired = { alertname: 'PhaselockErrorRateHigh', severity: 'page' };
const SLOW: Fired = { alertname: 'PhaselockLookupSlow', severity: 'ticket' };
const burn = (window: string, severity: 'page' | 'ticket'): Fired => ({
  alertname: 'PhaselockAvailabilityBudgetBurn',
  severity,
  slo: 'availability',
  window,
});
const [BURN_1H, BURN_6H, BURN_1D] = [burn('1h', 'page'), burn('6h', 'page'), burn('1d', 'ticket')];
/** Fired by the tests only. Its receiver is called in every group interval, so the calls count the intervals. */
const CLOCK: Fired = { alertname: 'Clock', severity: 'clock' };
const CLOCK_ROUTE = { matchers: ['severity="clock"'], receiver: 'clock', group_wait: '0s', repeat_interval: '1ms' };

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const inMs = (duration: string): number => {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  return Number(count) * (Object.entries(MS).find(([name]) => name === unit)?.[1] ?? Number.NaN);
};

type Route = Readonly<Record<'group_wait' | 'group_interval' | 'repeat_interval', string>> & {
  readonly routes?: readonly Route[];
};
/** The route with its times scaled so that a group interval lasts one second. */
function paced(route: Route, above?: Route): Route {
  const { group_wait, group_interval, repeat_interval, routes = [], ...rest } = { ...above, ...route };
  const short = (duration: string): string => `${Math.floor((inMs(duration) / inMs(group_interval)) * 1_000)}ms`;
  const times = { group_wait, group_interval, repeat_interval };
  return {
    ...rest,
    group_wait: short(group_wait),
    group_interval: short(group_interval),
    repeat_interval: short(repeat_interval),
    routes: routes.map((each) => paced(each, { ...times, ...each })),
  };
}

/**
 * Starts Alertmanager with the committed configuration. Addresses, secret files and times are replaced, a route for
 * `CLOCK` is added, and a local server stands in for the receivers.
 */
async function openWorld() {
  await using resources = new AsyncDisposableStack();
  const { path } = resources.use(await temporaryDirectory());
  const bodies: { readonly path: string; readonly isTaken: boolean; readonly body: Record<string, unknown> }[] = [];
  let told = false;
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body: unknown = JSON.parse(text);
      const wait = request.url === '/pagerduty' && !told;
      told ||= wait;
      bodies.push({ path: request.url ?? '', isTaken: !wait, body: Object(body) });
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
  const { route, receivers, ...others } = parse(
    committed
      .replaceAll('/etc/alertmanager/secrets', path)
      .replaceAll(/https:\/\/[\w.-]+\/(hooks\/alertmanager|ping)/g, (_, at: string) =>
        at === 'ping' ? `${url}/ping` : `${url}/tickets`,
      )
      .replace(/( +)- routing_key_file/, `$1- url: ${url}/pagerduty\n$1  routing_key_file`),
  );
  const { routes, ...times } = paced(route);
  const config = stringify({
    ...others,
    route: { ...times, routes: [{ ...CLOCK_ROUTE, group_interval: '1s' }, ...(routes ?? [])] },
    receivers: [...receivers, { name: 'clock', webhook_configs: [{ url: `${url}/clock` }] }],
  });
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
  /** The names of the alerts that fire while they are inhibited. */
  const suppressed = async (): Promise<string[]> => {
    const alerts: unknown = await alertmanager.ask('/api/v2/alerts?active=false&silenced=false&inhibited=true');
    if (!Array.isArray(alerts)) throw new Error('Alertmanager returned no list of alerts.');
    return alerts.map(({ labels }) => String(labels.alertname)).toSorted();
  };
  const to = (place: string) => bodies.filter(({ path: at }) => at === place).map(({ body }) => body);
  /** The last state of each incident and each ticket, by its key. */
  const states = (): Map<string, State> => {
    const pages = bodies
      .filter(({ path: at, isTaken }) => at === '/pagerduty' && isTaken)
      .map(({ body }) => pageEvent.parse(body))
      .map(({ dedup_key: key, event_action: action, payload }): [string, State] => [
        `page ${key}`,
        { name: payload.class, isOpen: action === 'trigger', says: payload.custom_details.firing },
      ]);
    const tickets = to('/tickets')
      .map((body) => notification.parse(body))
      .map(({ groupKey, status, groupLabels, alerts }): [string, State] => [
        `ticket ${groupKey}`,
        { name: groupLabels.alertname, isOpen: status === 'firing', says: labelsText(alerts) },
      ]);
    return new Map([...pages, ...tickets]);
  };
  const heard = (place: string): number => to(place).length;
  const until = (condition: () => boolean): Promise<unknown> => eventually(condition, PATIENT);
  await tell([CLOCK], 'fires');
  await until(() => heard('/clock') > 0);
  const namesOf = (which: (state: State) => boolean): string[] =>
    [...new Set([...states().values()].filter(which).map(({ name }) => name))].toSorted();
  const owned = resources.move();
  return {
    tell,
    suppressed,
    until,
    heard,
    pages: () => to('/pagerduty'),
    /** The names of the alerts that have an open incident or ticket. */
    open: () => namesOf(({ isOpen }) => isOpen),
    /** The names of the alerts that have had an incident or a ticket. */
    opened: () => namesOf(() => true),
    openFor: ({ alertname, severity: _, ...labels }: Fired): boolean =>
      [...states().values()].some(
        ({ name, isOpen, says }) =>
          isOpen &&
          name === alertname &&
          Object.entries(labels).every(([label, value]) => says.includes(`${label}: ${value}\n`)),
      ),
    /** Waits until `count` more group intervals have passed. */
    turns: async (count: number): Promise<void> => {
      const before = heard('/clock');
      await until(() => heard('/clock') > before + count);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type State = { readonly name: string; readonly isOpen: boolean; readonly says: string };

const pageEvent = z.looseObject({
  dedup_key: z.string(),
  event_action: z.enum(['trigger', 'resolve']),
  payload: z.looseObject({ class: z.string(), custom_details: z.looseObject({ firing: z.string() }) }),
});
const notification = z.looseObject({
  groupKey: z.string(),
  status: z.enum(['firing', 'resolved']),
  groupLabels: z.looseObject({ alertname: z.string() }),
  alerts: z.array(z.looseObject({ status: z.string(), labels: z.record(z.string(), z.string()) })),
});
const labelsText = (alerts: z.infer<typeof notification>['alerts']): string =>
  alerts
    .filter(({ status }) => status === 'firing')
    .flatMap(({ labels }) => Object.entries(labels).map(([label, value]) => `${label}: ${value}\n`))
    .join('');
