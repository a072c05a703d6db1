import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { JOBS } from '@phaselock/monitoring';
import { eventually, freePort, prometheusAvailable } from '@phaselock/testkit';
import { parse } from 'yaml';
import { z } from 'zod';
import { startChild } from '../../../chaos/world/child.ts';
import type { Product } from './open-product.ts';

const RULES = resolve(import.meta.dirname, '../../../ops/prometheus');
export const SCRAPE_SECONDS = 1;

const settings = z.looseObject({ rule_files: z.array(z.string()) });

/** A Prometheus with the rules of the repository, which scrapes the programs every second. */
export async function watchProduct(
  { apis, workerAddress }: Product,
  folder: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const available = prometheusAvailable();
  if (available.kind === 'none') throw new Error(`Prometheus cannot be started: ${available.reason}.`);
  const { rule_files: files } = settings.parse(parse(await readFile(join(RULES, 'prometheus.yml'), 'utf8')));
  const job = (name: string, targets: readonly string[]) => ({ job_name: name, static_configs: [{ targets }] });
  const config = {
    global: { scrape_interval: `${SCRAPE_SECONDS}s`, scrape_timeout: '1s', evaluation_interval: '5s' },
    rule_files: files.map((file) => join(RULES, file)),
    scrape_configs: [
      job(
        JOBS.api,
        apis.map(({ port }) => `127.0.0.1:${port}`),
      ),
      job(JOBS.worker, [workerAddress]),
    ],
  };
  const file = join(folder, 'prometheus.yml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = startChild(
    available.prometheus,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    { log: join(folder, 'prometheus.log') },
  );
  const end = async (): Promise<void> => {
    child.signal('SIGKILL');
    await child.exited;
  };
  try {
    await eventually(async () => (await fetch(`${url}/-/ready`)).ok, { withinMs: 30_000, everyMs: 50 });
  } catch (error) {
    await end();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: end };
}
