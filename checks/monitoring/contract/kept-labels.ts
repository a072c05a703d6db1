import { type KnownSeries, type LabelValues, union, type Values } from './known-series.ts';
import type { Promql, Selector } from './read-promql.ts';

/** The labels of the result of an expression; undefined for a number and for an unknown metric. */
export function keptLabels(expression: Promql, known: KnownSeries): LabelValues | undefined {
  switch (expression.kind) {
    case 'selector':
      return labelsOfSelector(expression, known);
    case 'number':
    case 'text':
      return undefined;
    case 'aggregate': {
      const inner = operandLabels(expression.of, known);
      const { how, labels } = expression.group;
      const named = new Set(labels.map(({ text }) => text));
      if (KEEPS_SERIES.has(expression.operator)) return inner;
      const kept =
        how === 'all' ? new Map<string, Values>() : only(inner, (label) => named.has(label) === (how === 'by'));
      return expression.operator === 'count_values' ? withLabels(kept, [firstText(expression.of)]) : kept;
    }
    case 'call':
      return labelsOfCall(expression, known);
    case 'binary':
      return labelsOfBinary(expression, known);
  }
}

/** Aggregations that select series and keep their labels. */
const KEEPS_SERIES = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);
const NUMBERS = new Set(['time', 'scalar', 'pi']);

function labelsOfCall({ name, of }: Promql & { readonly kind: 'call' }, known: KnownSeries): LabelValues | undefined {
  if (NUMBERS.has(name)) return undefined;
  if (name === 'vector') return new Map();
  const inner = operandLabels(of, known);
  if (name === 'absent' || name === 'absent_over_time') return inventedLabels(of);
  if (name === 'histogram_quantile') return only(inner, (label) => label !== 'le');
  if (name === 'label_replace' || name === 'label_join') return withLabels(inner, [firstText(of)]);
  return inner;
}

/** The result of `absent` has the labels that its selector compares with `=`. */
function inventedLabels([of]: readonly Promql[]): LabelValues {
  if (of?.kind !== 'selector') return new Map();
  return new Map(
    of.matchers
      .filter(({ operator }) => operator === '=')
      .map(({ label, value }): [string, Values] => [label.text, new Set([value])]),
  );
}

function labelsOfBinary(
  { operator, group, many, left, right }: Promql & { readonly kind: 'binary' },
  known: KnownSeries,
): LabelValues | undefined {
  const [one, other] = [keptLabels(left, known), keptLabels(right, known)];
  if (one === undefined || other === undefined) return one ?? other;
  if (operator === 'or') return merged(one, other);
  if (operator === 'and' || operator === 'unless') return one;
  if (many !== undefined) {
    const [from, to] = many.side === 'left' ? [other, one] : [one, other];
    const taken = new Set(many.labels.map(({ text }) => text));
    return merged(
      to,
      only(from, (label) => taken.has(label)),
    );
  }
  if (group.how === 'all') return one;
  const named = new Set(group.labels.map(({ text }) => text));
  return only(one, (label) => named.has(label) === (group.how === 'on'));
}

export function labelsOfSelector({ metric }: Selector, known: KnownSeries): LabelValues | undefined {
  return metric === undefined ? undefined : known.get(metric.text)?.labels;
}

const operandLabels = (of: readonly Promql[], known: KnownSeries): LabelValues =>
  of.map((one) => keptLabels(one, known)).find((labels) => labels !== undefined) ?? new Map();

const only = (labels: LabelValues, keeps: (label: string) => boolean): LabelValues =>
  new Map([...labels].filter(([label]) => keeps(label)));

const withLabels = (labels: LabelValues, more: readonly string[]): LabelValues =>
  new Map([...labels, ...more.map((label): [string, Values] => [label, 'any'])]);

function merged(one: LabelValues, other: LabelValues): LabelValues {
  const names = new Set([...one.keys(), ...other.keys()]);
  return new Map([...names].map((name): [string, Values] => [name, union(one.get(name), other.get(name))]));
}

function firstText(of: readonly Promql[]): string {
  const [found] = of.flatMap((one) => (one.kind === 'text' ? [one.text] : []));
  return found ?? '';
}
