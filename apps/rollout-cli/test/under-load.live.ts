import { resolve } from 'node:path';
import { openGuard } from '@phaselock/guard';
import {
  createWorld,
  eventually,
  freePort,
  type PrometheusServer,
  prometheusAvailable,
  type SpawnedNode,
  spawnNode,
  startPrometheus,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Load, startLoad, usersBetween } from './load.ts';
import { type Home, openHome } from './open-home.ts';

/**
 * A whole rollout with a real Prometheus that scrapes two real API processes under load, with bakes of seconds. The
 * limits are wide, because the machine is busy with other tests; other tests prove the limits.
 */
const APPS = resolve(import.meta.dirname, '../..');
const tools = prometheusAvailable();
const PATIENT = { withinMs: 60_000, everyMs: 250 };
const FLAG = 'single_session_guard';
const ROLE = { name: 'another_api', password: 'of-this-test' };

/** Without a watchdog: this Prometheus has no alert rules, because some would fire on a busy machine. */
const short = (stages: string): string =>
  stages
    .replace(/watchdog: \S+/, 'watchdog: null')
    .replaceAll(/bake: \{ least: \d+h, most: \d+d \}/g, 'bake: { least: 6s, most: 10m }')
    .replace(/scrape_interval: \S+/, 'scrape_interval: 1s')
    .replace(/longest_gap: \d+/, 'longest_gap: 8')
    .replace(/oldest_sample: \S+/, 'oldest_sample: 8s')
    .replace(/period: 5m/, 'period: 3s')
    .replace(/early_periods: \d+/, 'early_periods: 1000')
    .replaceAll(/limit: 0\.01\b/g, 'limit: 0.1')
    .replace(/limit: 0\.5\b/, 'limit: 0.99')
    .replaceAll(/limit: 500ms/g, 'limit: 2500ms')
    .replaceAll(/limit: (?:100|50)ms/g, 'limit: 500ms');

describe.skipIf(tools.kind === 'none')(
  `a rollout under load${tools.kind === 'none' ? ` (${tools.reason})` : ''}`,
  () => {
    const stack = new AsyncDisposableStack();
    const ports: number[] = [];
    let home: Home;
    let load: Load;
    let apis: SpawnedNode[];
    let prometheus: PrometheusServer;
    let data: string;
    let prometheusPort: number;

    const urls = () => ports.map((port) => `http://127.0.0.1:${port}`);
    const scrape = () => startPrometheus(urls(), { job: 'phaselock-api', path: data, port: prometheusPort });

    /** Starts an API process. The second one has its own database role, so that the test can revoke its rights. */
    async function serve(index: number): Promise<SpawnedNode> {
      const url = new URL(home.url);
      if (index === 1) [url.username, url.password] = [ROLE.name, ROLE.password];
      const api = stack.use(
        spawnNode(resolve(APPS, 'api/src/main.ts'), {
          env: {
            PHASELOCK_DATABASE_URL: url.href,
            PHASELOCK_PORT: String(ports[index]),
            PHASELOCK_MIGRATE: 'off',
            PHASELOCK_RATE_LIMIT: '0',
            PHASELOCK_LOG_LEVEL: 'error',
            PHASELOCK_MAX_EVENT_LOOP_DELAY_MS: '60000',
          },
        }),
      );
      await api.waitForLine(/is up at/);
      return api;
    }

    const ran = async (file: string, args: readonly string[]): Promise<string> => {
      await using child = spawnNode(resolve(APPS, file), { args, env: { PHASELOCK_DATABASE_URL: home.url } });
      expect(await child.exited, child.stderr()).toMatchObject({ code: 0 });
      return child.stdout();
    };

    beforeAll(async () => {
      home = stack.use(await openHome(short));
      data = stack.use(await temporaryDirectory()).path;
      prometheusPort = await freePort();
      ports.push(await freePort(), await freePort());
      const guard = stack.use(await openGuard({ databaseUrl: home.url, invalidation: 'memory' }));
      const world = await createWorld(guard);
      await home.rows(`create role ${ROLE.name} login password '${ROLE.password}'`);
      stack.defer(async () => void (await home.rows(`drop owned by ${ROLE.name}`)));
      for (const what of ['tables', 'sequences', 'functions'])
        await home.rows(`grant all on all ${what} in schema public to ${ROLE.name}`);
      const [key = ''] =
        /^plk_\S+/m.exec(await ran('api/src/keys-cli.ts', ['create', '--name', 'load', '--scopes', 'admin'])) ?? [];
      await ran('verify-cli/src/main.ts', ['--all', '--record', '--allow-empty']);
      apis = [await serve(0), await serve(1)];
      prometheus = await scrape();
      stack.defer(() => prometheus[Symbol.asyncDispose]());
      home.prometheus = prometheus.url;
      const names = [
        ...usersBetween(0, 5, 10),
        ...usersBetween(5, 25, 4),
        ...usersBetween(25, 50, 4),
        ...usersBetween(50, 100, 6),
      ];
      const users = await Promise.all(names.map(async (user) => ({ user, taskId: await world.task() })));
      load = stack.use(startLoad({ users, key }, urls()));
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    const state = async () =>
      (
        await home.rows<{ percent: string; enabled: boolean; state: string; stage: number; held_for: string | null }>(
          `select f.percent, f.enabled, r.state, r.stage, r.held_for from flag_states f left join rollouts r on r.flag = f.name where f.name = '${FLAG}'`,
        )
      )[0];
    const promoted = async (percent: number): Promise<void> => {
      await eventually(async () => {
        const { code, out, err } = await home.rollout('promote', '--by', 'a test');
        if (code !== 0) throw new Error(`${out}${err}`);
      }, PATIENT);
      expect(await state()).toMatchObject({ percent: `${percent}.00` });
    };
    /** Expects that nothing is promoted, and that the reason is reported. */
    const held = async (reason: RegExp): Promise<void> => {
      await eventually(async () => {
        const { code, out, err } = await home.rollout('promote', '--by', 'a test');
        expect(`${out}${err}`).toMatch(reason);
        expect(code).toBe(3);
      }, PATIENT);
      expect(await state()).toMatchObject({ percent: '25.00', enabled: true });
    };

    test('starts at 5 %, and goes to 25 % after a passed bake', async () => {
      expect(await home.rollout('start', '--instances', '2', '--why', 'a test')).toMatchObject({ code: 0 });
      await promoted(25);
      const early = new Set([...usersBetween(0, 5, 10), ...usersBetween(5, 25, 4)]);
      const guarded = load.answers.filter(({ outcome }) => outcome === 'replaced').map(({ user }) => user);
      expect(guarded.filter((user) => !early.has(user))).toEqual([]);
    }, 180_000);

    test('promote exits with 3 while Prometheus is stopped', async () => {
      await prometheus[Symbol.asyncDispose]();
      await held(/did not answer/);
      prometheus = await scrape();
    }, 180_000);

    test('holds while a process cannot read its flags', async () => {
      await home.rows(`revoke select on flag_states, flag_kills from ${ROLE.name}`);
      await held(/last read its flags/);
      await home.rows(`grant select on flag_states, flag_kills to ${ROLE.name}`);
    }, 180_000);

    test('holds after a process was killed, and starts a new bake when it is back', async () => {
      apis[1]?.kill('SIGKILL');
      await apis[1]?.exited;
      load.urls = urls().slice(0, 1);
      await held(/cannot be scraped|no samples/);
      apis[1] = await serve(1);
      load.urls = urls();
      await held(/ended|not seen|not be seen|not over/);
    }, 180_000);

    test('aborts on its own if enrolled users get failures, and all return to the old behaviour', async () => {
      await home.rows(`create function fail_guarded() returns trigger language plpgsql as $$
      begin
        if new.guarded and random() < 0.5 then raise exception 'a fault'; end if;
        return new;
      end $$`);
      await home.rows('create trigger fault before insert on sessions for each row execute function fail_guarded()');
      const watched = await home.rollout('watch', '--act', '--every', '1s');
      expect(watched, watched.err).toMatchObject({ code: 2 });
      expect(await state()).toMatchObject({ enabled: false, state: 'aborted' });
      const [step] = await home.rows<{ at: Date }>(
        "select at from rollout_steps where action = 'abort' order by id desc limit 1",
      );
      const abortedAt = step?.at.getTime() ?? 0;
      const inOldWay = (user: string) =>
        load.answers.some(
          (answer) => answer.user === user && answer.sentAt > abortedAt && answer.outcome === 'created-beside',
        );
      for (const user of usersBetween(0, 5, 10)) await eventually(() => inOldWay(user), PATIENT);
      // The benchmark of the kill switch measures how long this takes. This test proves that no process changes back
      // afterwards.
      for (const url of urls()) {
        const after = load.answers.filter((answer) => answer.url === url && answer.sentAt > abortedAt);
        const back = after.find(({ outcome }) => outcome === 'created-beside')?.answeredAt ?? Number.POSITIVE_INFINITY;
        expect(after.filter(({ sentAt, outcome }) => sentAt > back && outcome !== 'created-beside')).toEqual([]);
      }
      await home.rows('drop trigger fault on sessions');
    }, 180_000);

    test('goes from 5 to 100 % on its own after a new start, and the history shows every stage', async () => {
      const again = await home.rollout('start', '--instances', '2', '--why', 'mended', '--release-kill');
      expect(again, again.err).toMatchObject({ code: 0 });
      const watched = await home.rollout('watch', '--act', '--every', '1s');
      expect(watched, `${watched.out}${watched.err}`).toMatchObject({ code: 0 });
      expect(await state()).toMatchObject({ percent: '100.00', enabled: true, state: 'done' });
      await eventually(() => {
        const guarded = new Set(load.answers.filter(({ outcome }) => outcome === 'replaced').map(({ user }) => user));
        return guarded.size === 24;
      }, PATIENT);
      const { out } = await home.rollout('history', '--gates');
      for (const percent of [5, 25, 50, 100]) expect(out).toContain(`${percent} %`);
      // Without the fault, no request fails.
      const [begun] = await home.rows<{ at: Date }>(
        "select at from rollout_steps where action = 'start' order by id desc limit 1",
      );
      const failed = load.answers.filter(({ status, sentAt }) => status >= 500 && sentAt > (begun?.at.getTime() ?? 0));
      expect(failed).toEqual([]);
    }, 300_000);
  },
);
