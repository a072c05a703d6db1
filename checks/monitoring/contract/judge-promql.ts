import { didYouMean } from './did-you-mean.ts';
import { keptLabels, labelsOfSelector } from './kept-labels.ts';
import type { KnownSeries, LabelValues, Values } from './known-series.ts';
import { type Matcher, type Promql, readPromql, type Selector, selectorsIn, type Word } from './read-promql.ts';

/** A mistake in an expression, and the word that has it. */
export type Flaw = { readonly word: Word; readonly what: string };

/** Stands for the value of a dashboard variable, which is unknown here. */
export const ANYTHING = '__anything__';

/** Checks every metric, label and value that an expression names against the known series. */
export function judgePromql(source: string, known: KnownSeries): Flaw[] {
  const read = readPromql(source);
  if ('mistake' in read)
    return [{ word: { text: source.slice(read.from, read.from + 1), from: read.from }, what: read.mistake }];
  return [
    ...selectorsIn(read.expression).flatMap((selector) => judgeSelector(selector, known)),
    ...judgeGroups(read.expression, known),
  ];
}

function judgeSelector(selector: Selector, known: KnownSeries): Flaw[] {
  const { metric, matchers } = selector;
  if (metric === undefined) return [];
  const labels = labelsOfSelector(selector, known);
  if (labels === undefined)
    return [{ word: metric, what: `there is no metric ${metric.text}${meant(metric.text, known.keys())}` }];
  const flaws = matchers.flatMap((matcher) => judgeMatcher(metric.text, matcher, labels));
  return flaws.length > 0 ? flaws : judgeTogether(selector, known);
}

function judgeMatcher(metric: string, matcher: Matcher, labels: LabelValues): Flaw[] {
  const { label: word, operator, value } = matcher;
  const values = labels.get(word.text);
  if (values === undefined)
    return [{ word, what: `${metric} has no label ${word.text}${meant(word.text, labels.keys())}` }];
  if (word.text === 'le' && /^\d+$/.test(value))
    return [
      {
        word,
        what: `le="${value}" is "${value}.0" for Prometheus 3: only bounds with a fraction are the same in both`,
      },
    ];
  if (values === 'any' || value.includes(ANYTHING)) return [];
  const wanted = operator === '=' || operator === '!=' ? [value] : alternatives(value);
  return wanted
    .filter((one) => one !== '' && !some(values, one, operator))
    .map((one) => ({
      word,
      what:
        word.text === 'le'
          ? `${one} is no bucket of ${metric}${meant(one, values, true)}`
          : `the label ${word.text} of ${metric} is never ${one}${meant(one, values)}`,
    }));
}

const some = (values: ReadonlySet<string>, wanted: string, operator: Matcher['operator']): boolean =>
  operator === '=' || operator === '!=' ? values.has(wanted) : [...values].some((value) => whole(wanted).test(value));

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

/** The alternatives of a pattern such as `failed|busy`. A pattern with brackets counts as one alternative. */
const alternatives = (pattern: string): string[] => (/[()[\]]/.test(pattern) ? [pattern] : pattern.split('|'));

/** Reports a selector that no series matches, although each of its values exists. */
function judgeTogether({ metric, matchers }: Selector, known: KnownSeries): Flaw[] {
  const series = metric === undefined ? undefined : known.get(metric.text)?.series;
  if (metric === undefined || series === undefined) return [];
  const judged = matchers.filter(({ label, value }) => label.text !== 'instance' && !value.includes(ANYTHING));
  const matches = ({ label, operator, value }: Matcher, found: string): boolean => {
    switch (operator) {
      case '=':
        return found === value;
      case '!=':
        return found !== value;
      case '=~':
        return whole(value).test(found);
      case '!~':
        return !whole(value).test(found);
    }
    return label.text === '';
  };
  if (series.some((labels) => judged.every((matcher) => matches(matcher, labels[matcher.label.text] ?? '')))) return [];
  const asked = judged.map(({ label, operator, value }) => `${label.text}${operator}"${value}"`).join(', ');
  return [{ word: metric, what: `no series of ${metric.text} has ${asked} together` }];
}

/** Reports labels that an expression groups or matches by and that do not exist at that point. */
function judgeGroups(expression: Promql, known: KnownSeries): Flaw[] {
  switch (expression.kind) {
    case 'selector':
    case 'number':
    case 'text':
      return [];
    case 'call':
      return expression.of.flatMap((one) => judgeGroups(one, known));
    case 'aggregate': {
      const inner = expression.of.map((one) => keptLabels(one, known)).filter((labels) => labels !== undefined);
      return [
        ...expression.of.flatMap((one) => judgeGroups(one, known)),
        ...expression.group.labels.flatMap((word) => demand(word, inner)),
      ];
    }
    case 'binary': {
      const { left, right, group, many } = expression;
      const [one, other] = [keptLabels(left, known), keptLabels(right, known)];
      const sides = [one, other].filter((labels) => labels !== undefined);
      const source = many?.side === 'left' ? other : one;
      return [
        ...judgeGroups(left, known),
        ...judgeGroups(right, known),
        // With `on`, both sides need the label. With `ignoring`, one side is enough.
        ...group.labels.flatMap((word) =>
          group.how === 'on' ? sides.flatMap((side) => demand(word, [side])).slice(0, 1) : demand(word, sides),
        ),
        ...(many?.labels ?? []).flatMap((word) => demand(word, source === undefined ? [] : [source])),
      ];
    }
  }
}

/** Reports a label that none of the sides has. Without a known side, the metric has already been reported. */
function demand(word: Word, sides: readonly LabelValues[]): Flaw[] {
  if (sides.length === 0 || sides.some((labels) => labels.size === 0 || labels.has(word.text))) return [];
  const there = new Set(sides.flatMap((labels) => [...labels.keys()]));
  return [{ word, what: `there is no label ${word.text} to group by${meant(word.text, there)}` }];
}

/** At most this many known names are listed if none of them is similar. */
const FEW = 8;

function meant(written: string, there: Iterable<string> | Values, all = false): string {
  if (there === 'any') return '';
  const known = [...there];
  const near = all ? [] : didYouMean(written, known);
  if (near.length > 0) return `; did you mean ${near.join(', ')}?`;
  return all || known.length <= FEW ? `; known: ${known.join(', ')}` : '';
}
