import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { JOBS } from '@phaselock/monitoring';
import { type PrometheusServer, startPrometheus } from '@phaselock/testkit';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Product } from './open-product.ts';

const RULES = resolve(import.meta.dirname, '../../../ops/prometheus');

const settings = z.looseObject({ rule_files: z.array(z.string()) });

/** A Prometheus with the rules of the repository, which scrapes the programs every second. */
export async function watchProduct({ urls, workerAddress }: Product): Promise<PrometheusServer> {
  const { rule_files: files } = settings.parse(parse(await readFile(join(RULES, 'prometheus.yml'), 'utf8')));
  return await startPrometheus(urls, {
    job: JOBS.api,
    beside: { [JOBS.worker]: [`http://${workerAddress}`] },
    rules: files.map((file) => join(RULES, file)),
  });
}
