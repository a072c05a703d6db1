import { parseArgs } from 'node:util';

/** Which of the workers one is, and at which ports. In its arguments, so that a list of processes tells it. */
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
