import { parser } from '@prometheus-io/lezer-promql';

/** A word of an expression, and its position. */
export type Word = { readonly text: string; readonly from: number };

const MATCH_OPERATORS = ['=', '!=', '=~', '!~'] as const;
type MatchOperator = (typeof MATCH_OPERATORS)[number];

export type Matcher = { readonly label: Word; readonly operator: MatchOperator; readonly value: string };

export type Selector = {
  readonly kind: 'selector';
  /** Undefined if the selector has only labels. */
  readonly metric: Word | undefined;
  readonly matchers: readonly Matcher[];
};

type Grouped = { readonly how: 'by' | 'without' | 'on' | 'ignoring' | 'all'; readonly labels: readonly Word[] };

/** A parsed expression, reduced to the series it selects and the labels it keeps. */
export type Promql =
  | Selector
  | { readonly kind: 'number' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'aggregate'; readonly operator: string; readonly group: Grouped; readonly of: readonly Promql[] }
  | { readonly kind: 'call'; readonly name: string; readonly of: readonly Promql[] }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly group: Grouped;
      /** The side of a many-to-one match that may have several series, and the labels copied from the other side. */
      readonly many: { readonly side: 'left' | 'right'; readonly labels: readonly Word[] } | undefined;
      readonly left: Promql;
      readonly right: Promql;
    };

export type ReadPromql = { readonly expression: Promql } | { readonly mistake: string; readonly from: number };

type Node = ReturnType<typeof parser.parse>['topNode'];
const ALL: Grouped = { how: 'all', labels: [] };

/** Parses an expression with the grammar of Prometheus' own editor. */
export function readPromql(source: string): ReadPromql {
  const tree = parser.parse(source);
  let broken: number | undefined;
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError) broken ??= from;
    },
  });
  const [top] = childrenOf(tree.topNode);
  if (broken !== undefined || top === undefined) return { mistake: 'is not valid PromQL', from: broken ?? 0 };
  return { expression: read(top, source) };
}

function read(node: Node, source: string): Promql {
  const children = childrenOf(node);
  switch (node.name) {
    case 'VectorSelector':
      return readSelector(node, source);
    case 'AggregateExpr':
      return {
        kind: 'aggregate',
        operator: textOf(child(node, 'AggregateOp'), source),
        group: groupOf(node.getChild('AggregateModifier'), source),
        of: argumentsOf(node, source),
      };
    case 'FunctionCall':
      return { kind: 'call', name: textOf(child(node, 'FunctionIdentifier'), source), of: argumentsOf(node, source) };
    case 'BinaryExpr':
      return readBinary(node, source);
    case 'StringLiteral':
      return { kind: 'text', text: unquoted(textOf(node, source)) };
    default: {
      // Parentheses, ranges, offsets, subqueries and signs: reads the expression inside them.
      const inner = children.find(({ name }) => EXPRESSIONS.has(name));
      return inner === undefined ? { kind: 'number' } : read(inner, source);
    }
  }
}

const WRAPPERS = ['ParenExpr', 'MatrixSelector', 'OffsetExpr', 'SubqueryExpr', 'UnaryExpr', 'StepInvariantExpr'];
const EXPRESSIONS = new Set([
  ...WRAPPERS,
  ...['VectorSelector', 'AggregateExpr', 'FunctionCall', 'BinaryExpr', 'StringLiteral', 'NumberDurationLiteral'],
]);

function readSelector(node: Node, source: string): Selector {
  const written = node.getChild('Identifier');
  const inside = childrenOf(node.getChild('LabelMatchers'));
  const quoted = inside.find(({ name }) => name === 'QuotedLabelName');
  const matchers = inside
    .filter(({ name }) => name.endsWith('LabelMatcher'))
    .map((matcher): Matcher => {
      const [label, , value] = childrenOf(matcher);
      const operator = textOf(child(matcher, 'MatchOp'), source);
      return {
        label: wordOf(label ?? matcher, source),
        operator: MATCH_OPERATORS.find((one) => one === operator) ?? '=',
        value: unquoted(textOf(value ?? matcher, source)),
      };
    });
  const named = matchers.find(({ label, operator }) => label.text === '__name__' && operator === '=');
  const name = written ?? quoted;
  const metric = name === null || name === undefined ? undefined : wordOf(name, source);
  return {
    kind: 'selector',
    metric: metric ?? (named === undefined ? undefined : { text: named.value, from: named.label.from }),
    matchers: matchers.filter((one) => one !== named),
  };
}

function readBinary(node: Node, source: string): Promql {
  const [left, right] = childrenOf(node).filter(({ name }) => EXPRESSIONS.has(name));
  const operator = childrenOf(node).find(
    ({ name }) => !EXPRESSIONS.has(name) && name !== 'MatchingModifierClause' && name !== 'BoolModifier',
  );
  const clause = node.getChild('MatchingModifierClause');
  const parts = childrenOf(clause);
  const at = parts.findIndex(({ name }) => name === 'GroupLeft' || name === 'GroupRight');
  const included = at < 0 ? undefined : parts.slice(at).find(({ name }) => name === 'GroupingLabels');
  return {
    kind: 'binary',
    operator: textOf(operator ?? node, source),
    group: groupOf(clause, source),
    many:
      at < 0
        ? undefined
        : { side: parts[at]?.name === 'GroupLeft' ? 'left' : 'right', labels: labelsOf(included, source) },
    left: left === undefined ? { kind: 'number' } : read(left, source),
    right: right === undefined ? { kind: 'number' } : read(right, source),
  };
}

const HOW = { By: 'by', Without: 'without', On: 'on', Ignoring: 'ignoring' } as const;

function groupOf(clause: Node | null, source: string): Grouped {
  for (const [name, how] of Object.entries(HOW))
    if (clause?.getChild(name)) return { how, labels: labelsOf(clause.getChild('GroupingLabels'), source) };
  return ALL;
}

const labelsOf = (grouping: Node | null | undefined, source: string): Word[] =>
  childrenOf(grouping).map((label) => wordOf(label, source));

const argumentsOf = (node: Node, source: string): Promql[] =>
  childrenOf(node.getChild('FunctionCallBody'))
    .filter(({ name }) => EXPRESSIONS.has(name))
    .map((one) => read(one, source));

const COMMENT = 'LineComment';

function childrenOf(node: Node | null | undefined): Node[] {
  const found: Node[] = [];
  for (let next = node?.firstChild ?? null; next !== null; next = next.nextSibling)
    if (next.name !== COMMENT) found.push(next);
  return found;
}

const child = (node: Node, name: string): Node => node.getChild(name) ?? node;
const textOf = ({ from, to }: Node, source: string): string => source.slice(from, to);
const wordOf = (node: Node, source: string): Word => ({ text: unquoted(textOf(node, source)), from: node.from });

function unquoted(text: string): string {
  const quote = text.at(0) ?? '';
  if (!['"', "'", '`'].includes(quote)) return text;
  const inner = text.slice(1, -1);
  return quote === '`' ? inner : inner.replaceAll(/\\(.)/g, '$1');
}

/** Every selector of an expression, at any depth. */
export function selectorsIn(expression: Promql): Selector[] {
  switch (expression.kind) {
    case 'selector':
      return [expression];
    case 'aggregate':
    case 'call':
      return expression.of.flatMap(selectorsIn);
    case 'binary':
      return [...selectorsIn(expression.left), ...selectorsIn(expression.right)];
    case 'number':
    case 'text':
      return [];
  }
}
