import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, prometheusAvailable } from '@phaselock/testkit';
import { z } from 'zod';
import { startChild } from '../../../../chaos/world/child.ts';

export type RunningAlert = {
  readonly state: 'pending' | 'firing';
  /** Since when its condition holds. */
  readonly activeAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

const answer = z.looseObject({
  data: z.looseObject({
    alerts: z.array(
      z.looseObject({
        state: z.enum(['pending', 'firing']),
        activeAt: z.coerce.date(),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
    ),
  }),
});

const rulesAnswer = z.looseObject({
  data: z.looseObject({
    groups: z.array(
      z.looseObject({ rules: z.array(z.looseObject({ name: z.string(), lastError: z.string().optional() })) }),
    ),
  }),
});

const queryAnswer = z.looseObject({
  data: z.looseObject({ result: z.array(z.looseObject({ value: z.tuple([z.number(), z.string()]) })) }),
});

export type Prometheus = AsyncDisposable & {
  readonly url: string;
  alerts(): Promise<readonly RunningAlert[]>;
  /** The first number a query has at this moment. */
  ask(query: string): Promise<number | undefined>;
  /** Rules whose expression or template could not be evaluated, with what Prometheus says. */
  brokenRules(): Promise<readonly string[]>;
};

type PrometheusOptions = {
  readonly folder: string;
  readonly port: number;
  /** The files of the rules, in the form Prometheus reads. */
  readonly rules: readonly string[];
  readonly targetsFile: string;
  readonly alertmanager: string;
};

/** A real Prometheus that scrapes and evaluates every second, and tells a real Alertmanager. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { folder, port, rules, targetsFile, alertmanager } = options;
  const available = prometheusAvailable();
  if (available.kind === 'none') throw new Error(available.reason);
  const file = join(folder, 'prometheus.yml');
  const ruleFiles: string[] = [];
  for (const [index, text] of rules.entries()) {
    const path = join(folder, `rules-${index}.yml`);
    await writeFile(path, text);
    ruleFiles.push(path);
  }
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    // The label `job` comes with the target, so that one job of the configuration serves all.
    scrape_configs: [{ job_name: 'phaselock', file_sd_configs: [{ files: [targetsFile], refresh_interval: '1s' }] }],
  };
  await writeFile(file, JSON.stringify(config));
  const child = startChild(
    available.prometheus,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.external-url=http://127.0.0.1:${port}`,
      '--rules.alert.resend-delay=5s',
      '--log.level=warn',
    ],
    { log: join(folder, 'prometheus.log') },
  );
  const url = `http://127.0.0.1:${port}`;
  const end = async () => {
    child.signal('SIGKILL');
    await child.exited;
  };
  try {
    await eventually(
      async () => {
        if (!child.running()) throw new Error(`Prometheus ended; see ${join(folder, 'prometheus.log')}`);
        return (await fetch(`${url}/-/ready`)).ok;
      },
      { withinMs: 30_000, everyMs: 50 },
    );
  } catch (error) {
    await end();
    throw error;
  }
  return {
    url,
    alerts: async () => answer.parse(await askJson(`${url}/api/v1/alerts`)).data.alerts,
    ask: async (query) => {
      const { data } = queryAnswer.parse(await askJson(`${url}/api/v1/query?query=${encodeURIComponent(query)}`));
      const [first] = data.result;
      return first && Number(first.value[1]);
    },
    brokenRules: async () => {
      const { data } = rulesAnswer.parse(await askJson(`${url}/api/v1/rules`));
      return data.groups
        .flatMap(({ rules: found }) => found)
        .flatMap(({ name, lastError = '' }) => (lastError === '' ? [] : [`${name}: ${lastError}`]));
    },
    [Symbol.asyncDispose]: end,
  };
}

const askJson = async (url: string): Promise<unknown> => await (await fetch(url)).json();
