import type { Gate } from '@phaselock/rollout';

export type Found = { readonly line: number; readonly gate: string; readonly text: string };

/** How far from the name of what is measured its limit may stand: a rule of Prometheus has both within a few lines. */
const NEAR = 3;

/** Where a text says the limit of a gate by hand: a number that is the limit in any unit, close to a name of what the gate measures. */
export function limitsIn(text: string, gates: readonly Gate[]): Found[] {
  const lines = text.split('\n');
  return gates.flatMap((gate) => {
    const names = namesOf(gate);
    const spelled = new RegExp(`(?<![\\w.])(?:${spellingsOf(gate).map(literally).join('|')})(?![\\w.]|\\s*\\*)`);
    const isNamed = lines.map((line) => names.some((name) => line.includes(name)));
    return lines.flatMap((line, index) => {
      const near = isNamed.slice(Math.max(0, index - NEAR), index + NEAR + 1).some(Boolean);
      return near && spelled.test(line) ? [{ line: index + 1, gate: gate.name, text: line.trim() }] : [];
    });
  });
}

function namesOf(gate: Gate): string[] {
  const metrics = (() => {
    switch (gate.kind) {
      case 'failures':
        return [...gate.bad, ...gate.total].map(({ metric }) => metric);
      case 'latency':
        return [gate.histogram.metric];
      case 'utilisation':
        return [gate.used.metric, gate.capacity.metric];
    }
  })();
  return [gate.name, gate.title, ...metrics, ...(gate.k6 === null ? [] : [gate.k6])];
}

function spellingsOf(gate: Gate): string[] {
  if (gate.kind === 'latency') {
    const milliseconds = gate.limitSeconds * 1_000;
    return [String(gate.limitSeconds), `${milliseconds}ms`, `${milliseconds} ms`, String(milliseconds)];
  }
  const rest = Number((1 - gate.limit).toFixed(12));
  return [gate.limit, rest].flatMap((share) => {
    const percent = Number((share * 100).toFixed(10));
    return [String(share), `${percent}%`, `${percent} %`];
  });
}

const literally = (text: string): string => text.replaceAll('.', '\\.');
