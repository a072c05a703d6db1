export const PARTS = ['api', 'postgresql', 'nginx', 'load'] as const;
export type Part = (typeof PARTS)[number];

export type ScalingRow = {
  readonly load: string;
  readonly way: string;
  readonly opsPerSecond: number;
  readonly p99Ms: number;
  /** Throughput relative to one process in the same round. */
  readonly ratio: { readonly median: number; readonly low: number; readonly high: number };
  /** Average number of processors used by each part. */
  readonly cores: Readonly<Record<Part, number>>;
};

const WIDTH = 12;

export function tableOf(rows: readonly ScalingRow[]): string[] {
  const line = ([load = '', way = '', ...cells]: readonly string[]): string =>
    load.padEnd(20) + way.padEnd(22) + cells.map((cell) => cell.padStart(WIDTH)).join('');
  const heading = line(['load', 'way', 'ops/s', 'p99 ms', 'ratio', 'of rounds', ...PARTS.map((part) => `${part} cpu`)]);
  return [
    heading,
    ...rows.map(({ load, way, opsPerSecond, p99Ms, ratio, cores }) =>
      line([
        load,
        way,
        String(opsPerSecond),
        p99Ms.toFixed(0),
        ratio.median.toFixed(2),
        `${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)}`,
        ...PARTS.map((part) => cores[part].toFixed(2)),
      ]),
    ),
  ];
}
