import { z } from 'zod';

type Labels = Readonly<Record<string, string>>;
export type Series = {
  readonly labels: Labels;
  readonly points: readonly (readonly [unixSeconds: number, value: number])[];
};
export type Exemplar = { readonly unixSeconds: number; readonly value: number };

export type Period = { readonly from: number; readonly to: number; readonly stepSeconds: number };

export type PrometheusQueries = {
  range(expr: string, period: Period): Promise<Series[]>;
  /** Returns one point of each series, at that time. */
  instant(expr: string, at: number): Promise<Series[]>;
  exemplars(expr: string, period: Period): Promise<Exemplar[]>;
};

const labels = z.record(z.string(), z.string());
const point = z.tuple([z.number(), z.string().transform(Number)]);
const answer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('error'), error: z.string() }),
  z.object({ status: z.literal('success'), data: z.unknown() }),
]);
const matrix = z.object({ result: z.array(z.object({ metric: labels, values: z.array(point) })) });
const vector = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value: point })) }),
  z.object({ resultType: z.literal('scalar'), result: point }),
]);
const exemplars = z.array(
  z.object({ exemplars: z.array(z.object({ value: z.string().transform(Number), timestamp: z.number() })) }),
);

/** Throws an error with the address if nothing listens there, or if the server is not a Prometheus. */
async function post(address: string, body: URLSearchParams): Promise<unknown> {
  try {
    return await (await fetch(address, { method: 'POST', body })).json();
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`no valid answer of a Prometheus from ${address}: ${why}`, { cause: error });
  }
}

export function askPrometheus(url: string): PrometheusQueries {
  const ask = async (path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const body = new URLSearchParams(parameters);
    const said = answer.parse(await post(`${url}/api/v1/${path}`, body));
    if (said.status === 'error') throw new Error(`${parameters.query}: ${said.error}`);
    return said.data;
  };
  const within = ({ from, to }: Period) => ({ start: String(from), end: String(to) });
  return {
    range: async (query, period) => {
      const step = `${period.stepSeconds}s`;
      const { result } = matrix.parse(await ask('query_range', { query, ...within(period), step }));
      return result.map(({ metric, values }) => ({ labels: metric, points: values }));
    },
    instant: async (query, at) => {
      const said = vector.parse(await ask('query', { query, time: String(at) }));
      if (said.resultType === 'scalar') return [{ labels: {}, points: [said.result] }];
      return said.result.map(({ metric, value }) => ({ labels: metric, points: [value] }));
    },
    exemplars: async (query, period) => {
      const found = exemplars.parse(await ask('query_exemplars', { query, ...within(period) }));
      return found.flatMap(({ exemplars: some }) =>
        some.map(({ value, timestamp }) => ({ unixSeconds: timestamp, value })),
      );
    },
  };
}
