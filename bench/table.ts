import type { Row } from './scenario.ts';

const HEADINGS = ['benchmark', 'clients', 'ops/s', 'p50 ms', 'p99 ms', 'floor', 'ratio'] as const;
const NAME_WIDTH = 50;
const WIDTH = 9;
const DIGITS = 3;

const line = ([name = '', ...cells]: readonly string[]): string =>
  name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(WIDTH)).join('');

export const heading = (): string => line(HEADINGS);

export const tableLine = ({ name, clients, ops_per_s, p50_ms, p99_ms, floor, ratio }: Row): string =>
  line([
    name,
    String(clients),
    String(ops_per_s),
    p50_ms.toPrecision(DIGITS),
    p99_ms.toPrecision(DIGITS),
    floor === null ? '-' : String(floor),
    ratio === null ? '-' : ratio.toFixed(2),
  ]);

/** A note about the row above, or about a skipped row. */
export const noteLine = (note: string): string => `  ${note}`;
