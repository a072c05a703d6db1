export type Matches = (labels: Readonly<Record<string, string>>) => boolean;

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const MATCHER = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\.)*)"\s*(,|(?=\}))/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Parses one selector, the only part of PromQL that gates use. Null for anything else. */
export function parseSelector(text: string): Matches | null {
  const metric = NAME.exec(text)?.[0] ?? '';
  let rest = text.slice(metric.length).trim();
  const tests: Matches[] = metric === '' ? [] : [({ __name__ }) => __name__ === metric];
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    for (let found = MATCHER.exec(rest); found !== null; found = MATCHER.exec(rest)) {
      const [whole, label = '', kind = '', escaped = ''] = found;
      const test = matcherOf(
        label,
        kind,
        escaped.replaceAll(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter),
      );
      if (test === null) return null;
      tests.push(test);
      rest = rest.slice(whole.length);
    }
    if (!rest.trim().startsWith('}')) return null;
    rest = rest.trim().slice(1);
  }
  if (rest.trim() !== '' || tests.length === 0) return null;
  return (labels) => tests.every((test) => test(labels));
}

function matcherOf(label: string, kind: string, value: string): Matches | null {
  if (kind === '=') return (labels) => (labels[label] ?? '') === value;
  if (kind === '!=') return (labels) => (labels[label] ?? '') !== value;
  const wanted = alternatives(value);
  return wanted === null ? null : (labels) => wanted.has(labels[label] ?? '') === (kind === '=~');
}

const META = '.+*?()[]{}^$';

/**
 * The texts that a regular expression of literal alternatives matches. Gates use no other expressions; null for those.
 */
function alternatives(expression: string): ReadonlySet<string> | null {
  const found: string[] = [];
  let literal = '';
  for (let at = 0; at < expression.length; at += 1) {
    const character = expression.charAt(at);
    if (character === '|') {
      found.push(literal);
      literal = '';
    } else if (character === '\\') {
      at += 1;
      if (at === expression.length) return null;
      literal += expression.charAt(at);
    } else if (META.includes(character)) return null;
    else literal += character;
  }
  return new Set([...found, literal]);
}
