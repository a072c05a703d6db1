import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runPrometheus } from '@phaselock/testkit';
import { z } from 'zod';

export type RunningAlert = {
  readonly state: 'pending' | 'firing';
  /** When the condition of the alert began to hold. */
  readonly activeAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

const answer = z.looseObject({
  alerts: z.array(
    z.looseObject({
      state: z.enum(['pending', 'firing']),
      activeAt: z.coerce.date(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});

const rulesAnswer = z.looseObject({
  groups: z.array(
    z.looseObject({ rules: z.array(z.looseObject({ name: z.string(), lastError: z.string().optional() })) }),
  ),
});

const queryAnswer = z.looseObject({
  result: z.array(z.looseObject({ value: z.tuple([z.number(), z.string()]) })),
});

export type Prometheus = AsyncDisposable & {
  alerts(): Promise<readonly RunningAlert[]>;
  /** The first value that a query currently returns. */
  ask(query: string): Promise<number | undefined>;
  /** Rules whose expression or template could not be evaluated, with the error of Prometheus. */
  brokenRules(): Promise<readonly string[]>;
};

type PrometheusOptions = {
  readonly folder: string;
  /** The texts of the rule files. */
  readonly rules: readonly string[];
  readonly targetsFile: string;
  readonly scrapeKey: string;
  readonly alertmanager: string;
};

/** Starts a real Prometheus that scrapes and evaluates every second and sends its alerts to Alertmanager. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { folder, rules, targetsFile, scrapeKey, alertmanager } = options;
  const ruleFiles: string[] = [];
  for (const [index, text] of rules.entries()) {
    const path = join(folder, `rules-${index}.yml`);
    await writeFile(path, text);
    ruleFiles.push(path);
  }
  const keyFile = join(folder, 'scrape-key');
  await writeFile(keyFile, scrapeKey, { mode: 0o600 });
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    // The file of the targets sets the label `job`, so that one scrape configuration serves all programs.
    scrape_configs: [
      {
        job_name: 'phaselock',
        authorization: { credentials_file: keyFile },
        file_sd_configs: [{ files: [targetsFile], refresh_interval: '1s' }],
      },
    ],
  };
  const path = join(folder, 'prometheus');
  await mkdir(path, { recursive: true });
  // A short resend delay, so that Alertmanager receives the end of an alert within seconds.
  const server = await runPrometheus({ config, path, args: ['--rules.alert.resend-delay=5s'] });
  return {
    alerts: async () => answer.parse(await server.ask('/api/v1/alerts')).alerts,
    ask: async (query) => {
      const { result } = queryAnswer.parse(await server.ask(`/api/v1/query?query=${encodeURIComponent(query)}`));
      const [first] = result;
      return first && Number(first.value[1]);
    },
    brokenRules: async () => {
      const { groups } = rulesAnswer.parse(await server.ask('/api/v1/rules'));
      return groups
        .flatMap(({ rules: found }) => found)
        .flatMap(({ name, lastError = '' }) => (lastError === '' ? [] : [`${name}: ${lastError}`]));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
