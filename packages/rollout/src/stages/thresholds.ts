import { limitOf } from '../gates/required-sizes.ts';
import { MADE_FROM } from './recording-rules.ts';
import type { Gate, Stages } from './stages.ts';

type Step = { readonly value: number | null; readonly color: string };

/**
 * The limits of the gates for tools that cannot read stages.yml: thresholds of Grafana panels, and thresholds of k6
 * load tests by metric.
 */
export type Thresholds = {
  readonly about: string;
  readonly gates: Readonly<
    Record<
      string,
      {
        readonly title: string;
        readonly unit: 'percentunit' | 's';
        readonly limit: number;
        readonly badShare: number;
        readonly steps: readonly Step[];
      }
    >
  >;
  readonly k6: Readonly<Record<string, readonly string[]>>;
};

export function thresholdsOf({ gates }: Stages): Thresholds {
  return {
    about: MADE_FROM,
    gates: Object.fromEntries(
      gates.map((gate) => {
        const { title } = gate;
        const limit = gate.kind === 'latency' ? gate.limitSeconds : gate.limit;
        const unit = gate.kind === 'latency' ? 's' : 'percentunit';
        // The first step of Grafana has no value: it is minus infinity.
        const steps: Step[] = [
          { value: null, color: 'green' },
          { value: limit, color: 'red' },
        ];
        return [gate.name, { title, unit, limit, badShare: limitOf(gate), steps }] as const;
      }),
    ),
    k6: Object.fromEntries(
      gates.flatMap((gate) => (gate.k6 === null ? [] : [[gate.k6, [expressionOf(gate)]] as const])),
    ),
  };
}

/** k6 has rates as fractions, and times in milliseconds. */
function expressionOf(gate: Gate): string {
  if (gate.kind === 'latency') return `p(${Number((gate.quantile * 100).toFixed(6))})<${gate.limitSeconds * 1_000}`;
  return `rate<${gate.limit}`;
}
