import type { Seen } from './seen.ts';

type Broken = {
  /**
   * The number of the violated promise and the kind of violation. The first of each kind is reported in full, the
   * others are counted.
   */
  readonly promise: string;
  readonly step: number;
  readonly what: string;
  /** Whether the report shows later calls as well. */
  readonly whole?: true;
  /** Ids whose calls the report shows. */
  readonly about: readonly string[];
};

/** The record of a walk: all calls with their responses, and all violations found. */
export type Book = {
  readonly calls: readonly Seen[];
  readonly broken: readonly Broken[];
  tick(): number;
  write(seen: Seen): void;
  complain(broken: Broken): void;
  /** Each kind of violation once, with the related calls. */
  report(): string;
};

const STORY_LINES = 60;

export function openBook(): Book {
  const calls: Seen[] = [];
  const broken: Broken[] = [];
  let now = 0;
  return {
    calls,
    broken,
    tick: () => ++now,
    write: (seen) => void calls.push(seen),
    complain: (one) => void broken.push(one),
    report: () => {
      const kinds = Map.groupBy(broken, ({ promise }) => promise);
      return [...kinds].map(([promise, all]) => told(calls, promise, all)).join('\n\n');
    },
  };
}

function told(calls: readonly Seen[], promise: string, all: readonly Broken[]): string {
  const [first] = all;
  if (first === undefined) return '';
  const steps = all.slice(0, 12).map(({ step }) => step);
  return [
    `BROKEN ${promise} (${all.length} times; steps ${steps.join(', ')})`,
    `  step ${first.step}: ${first.what}`,
    ...all.slice(1, 5).map(({ step, what }) => `  and step ${step}: ${shortened(what, 300)}`),
    ...storyOf(calls, first).map((line) => `    ${line}`),
  ].join('\n');
}

/** The calls that mention the ids of a violation, up to its step; only the last ones if there are many. */
function storyOf(calls: readonly Seen[], { about, step, whole }: Broken): string[] {
  const concerned = calls.filter(
    (seen) =>
      (whole === true || seen.step <= step) &&
      !seen.operation.startsWith('list') &&
      about.some((id) => mentions(seen, id)),
  );
  const lines = concerned.slice(-STORY_LINES).map((seen) => lineOf(seen));
  return concerned.length > STORY_LINES ? [`… ${concerned.length - STORY_LINES} calls before`, ...lines] : lines;
}

const mentions = ({ path, asking, text }: Seen, id: string): boolean =>
  path.includes(id) || text.includes(id) || JSON.stringify([asking.body, asking.idempotencyKey]).includes(id);

export function lineOf(seen: Seen): string {
  const { step, sent, answered, client, operation, path, asking, status } = seen;
  const extras = [
    asking.body === undefined ? '' : shortened(JSON.stringify(asking.body), 400),
    asking.lines === undefined ? '' : `${asking.lines.length} lines`,
    asking.idempotencyKey === undefined ? '' : `key ${asking.idempotencyKey}`,
    asking.ifMatch === undefined ? '' : `if-match ${asking.ifMatch}`,
  ].filter((part) => part !== '');
  const answer = shortened(seen.code ?? seen.text, 330);
  return `#${step} ${sent}-${answered} ${client.name} ${operation} ${path} ${extras.join(' ')} → ${status} ${answer}`;
}

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);
