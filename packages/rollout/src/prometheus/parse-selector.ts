export type Matches = (labels: Readonly<Record<string, string>>) => boolean;

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const MATCHER = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\.)*)"\s*(,|(?=\}))/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** The part of PromQL that gates ask with: one selector. Null for anything else. */
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
  try {
    const pattern = new RegExp(`^(?:${value})$`, 's');
    const wanted = kind === '=~';
    return (labels) => pattern.test(labels[label] ?? '') === wanted;
  } catch {
    return null;
  }
}
