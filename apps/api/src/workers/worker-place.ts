import { parseArgs } from 'node:util';

/** Number and ports of a worker. They are passed as arguments, so that a process list shows them. */
export type WorkerPlace = {
  readonly number: number;
  readonly port: number;
  readonly metricsPort: number;
};

export const placeArguments = ({ number, port, metricsPort }: WorkerPlace): string[] => [
  `--number=${number}`,
  `--port=${port}`,
  `--metrics-port=${metricsPort}`,
];

export function readPlace(args: readonly string[]): WorkerPlace {
  const text = { type: 'string' } as const;
  const options = { number: text, port: text, 'metrics-port': text };
  const { values } = parseArgs({ args: [...args], options });
  const { number, port, 'metrics-port': metricsPort } = values;
  return { number: Number(number), port: Number(port), metricsPort: Number(metricsPort) };
}
