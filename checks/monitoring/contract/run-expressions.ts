import { eventually, type PrometheusServer } from '@phaselock/testkit';
import type { Expression } from './blocks-of-runbooks.ts';

/** Queries a Prometheus that scrapes a healthy product. Returns what is wrong with the result, if anything. */
export async function runExpression(prometheus: PrometheusServer, expression: Expression): Promise<string | undefined> {
  const { file, line, promql, emptyWhenHealthy } = expression;
  const at = (what: string): string => `${file}:${line}: ${what}\n${promql}`;
  const count = await countSeries(prometheus, promql);
  if (typeof count === 'string') return at(count);
  if (emptyWhenHealthy && count > 0) return at(`returns ${count} series, but is marked empty-when-healthy`);
  if (!emptyWhenHealthy && count === 0) return at('returns no series');
  return undefined;
}

/** Repeats a query until its result is right, because rules have their own intervals and a rate needs two scrapes. */
export async function expressionFlaw(
  prometheus: PrometheusServer,
  expression: Expression,
): Promise<string | undefined> {
  const flaws: (string | undefined)[] = [];
  const holds = async (): Promise<boolean> => {
    flaws.push(await runExpression(prometheus, expression));
    return flaws.at(-1) === undefined;
  };
  await eventually(holds, { withinMs: 90_000, everyMs: 500 }).catch(() => undefined);
  return flaws.at(-1);
}

async function countSeries({ url }: PrometheusServer, promql: string): Promise<number | string> {
  const asked = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: promql })}`);
  const { status, error, data } = Object(await asked.json());
  if (status !== 'success') return `is refused: ${String(error)}`;
  return Array.isArray(Object(data).result) ? data.result.length : 0;
}
