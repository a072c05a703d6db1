import type { Gate, Stages } from '@phaselock/rollout';

export type Found = { readonly line: number; readonly gate: string; readonly text: string };

/** How many lines a limit may be away from the name of what it limits. A rule has both within a few lines. */
const NEAR = 3;

/** A limit of stages.yml, with every name of what it limits and every spelling of its number. */
type Limited = { readonly name: string; readonly names: readonly string[]; readonly spellings: readonly string[] };

const limitedBy = ({ gates, preconditions }: Stages): Limited[] => [
  ...gates.map((gate) => ({ name: gate.name, names: namesOf(gate), spellings: spellingsOf(gate) })),
  {
    name: 'shed_requests',
    names: ['shed_requests', 'requests_shed', 'phaselock_http_requests_shed_total'],
    spellings: spellingsOfShare(preconditions.mostShedRequests),
  },
];

/** The places where a text repeats a limit: its number in any unit, close to a name of what it limits. */
export function limitsIn(text: string, stages: Stages): Found[] {
  const lines = text.split('\n');
  return limitedBy(stages).flatMap(({ name: limited, names, spellings }) => {
    const spelled = new RegExp(`(?<![\\w.])(?:${spellings.map(literally).join('|')})(?![\\w.]|\\s*[*%])`);
    const isNamed = lines.map((line) => names.some((name) => line.includes(name)));
    return lines.flatMap((line, index) => {
      const near = isNamed.slice(Math.max(0, index - NEAR), index + NEAR + 1).some(Boolean);
      return near && spelled.test(line) ? [{ line: index + 1, gate: limited, text: line.trim() }] : [];
    });
  });
}

function namesOf(gate: Gate): string[] {
  const metrics = (() => {
    switch (gate.kind) {
      case 'failures':
        return [...gate.bad, ...gate.total, ...gate.twice].map(({ metric }) => metric);
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
  return spellingsOfShare(gate.limit);
}

function spellingsOfShare(limit: number): string[] {
  const rest = Number((1 - limit).toFixed(12));
  return [limit, rest].flatMap((share) => {
    const percent = Number((share * 100).toFixed(10));
    return [String(share), `${percent}%`, `${percent} %`];
  });
}

const literally = (text: string): string => text.replaceAll('.', '\\.');
