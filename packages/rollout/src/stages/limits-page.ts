import { durationText, percentText } from '../gates/in-words.ts';
import { MADE_FROM } from './recording-rules.ts';
import type { Gate, Stages } from './stages.ts';

/** Renders docs/rollout-limits.md, the only document that states the limits. */
export function limitsPage({ decision, gates, ladders }: Stages): string {
  const limits = gates.map((gate) => `| \`${gate.name}\` | ${gate.title} | ${limitText(gate)} | ${gate.spec} |`);
  const steps = ladders.flatMap(({ flag, subject, stages }) => [
    '',
    `## \`${flag}\`, by ${subject}`,
    '',
    '| stage | % | bake | gates in force, each with the events it is planned for |',
    '| --- | --- | --- | --- |',
    ...stages.map(({ number, percent, bake, gates: inForce, sizes }) => {
      const names = inForce.map(
        ({ name, events }) => `\`${name}\` (${sizes[name]?.n} ${events}, ${sizes[name]?.allowed} may be bad)`,
      );
      return `| ${number} | ${percent} | ${durationText(bake.leastMs)} to ${durationText(bake.mostMs)} | ${names.join(', ')} |`;
    }),
  ]);
  return `${[
    '# Limits of the rollout',
    '',
    `<!-- ${MADE_FROM} -->`,
    '',
    `Proven at ${percentText(decision.confidence)} one-sided confidence; a healthy treatment passes a stage at the planned sizes in at least ${percentText(decision.power)} of bakes. How: [rollout-gates.md](rollout-gates.md).`,
    '',
    '| gate | measures | limit | from |',
    '| --- | --- | --- | --- |',
    ...limits,
    ...steps,
  ].join('\n')}\n`;
}

function limitText(gate: Gate): string {
  switch (gate.kind) {
    case 'failures':
      return `less than ${percentText(gate.limit)} bad`;
    case 'latency':
      return `${percentText(gate.quantile)} within ${gate.limitSeconds * 1_000} ms`;
    case 'utilisation':
      return `less than ${percentText(gate.limit)} of each instance`;
  }
}
