type Element = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
};

type Rules = {
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  readonly children?: readonly string[];
  /** Whether the element may contain text. */
  readonly text?: true;
};

const OUTCOME: Rules = { optional: ['type', 'message'], text: true };

/** The elements of the schema junit-10.xsd of Jenkins' xUnit plugin, without those of repeated runs. */
const ELEMENTS: Readonly<Record<string, Rules>> = {
  testsuites: { optional: ['name', 'time', 'tests', 'failures', 'errors'], children: ['testsuite'] },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors'],
    optional: ['group', 'time', 'skipped', 'timestamp', 'hostname', 'id', 'package', 'file', 'log', 'url'],
    children: ['testsuite', 'properties', 'testcase', 'system-out', 'system-err'],
  },
  properties: { children: ['property'] },
  property: { required: ['name', 'value'] },
  testcase: {
    required: ['name'],
    optional: ['time', 'classname', 'group'],
    children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
  },
  skipped: OUTCOME,
  error: OUTCOME,
  failure: OUTCOME,
  'system-out': { text: true },
  'system-err': { text: true },
};

const TIME = /^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$/;
const MARKUP = /<(\/?)([a-z-]+)((?:\s+[a-z]+="[^"<]*")*)\s*(\/?)>/y;
const TEXT = /(?:[^<&]|&(?:amp|lt|gt|quot|#\d+);)+/y;
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Where the text is not well-formed, or does not follow the schema. */
export function flawsOfJunit(xml: string): string[] {
  const flaws: string[] = [];
  const open: Element[] = [];
  const roots: Element[] = [];
  if (!xml.startsWith(DECLARATION)) return ['it has no declaration'];
  for (let at = DECLARATION.length; at < xml.length; ) {
    MARKUP.lastIndex = at;
    TEXT.lastIndex = at;
    const tag = MARKUP.exec(xml);
    const text = tag === null ? TEXT.exec(xml) : null;
    const inside = open.at(-1);
    if (tag !== null) {
      const [, closes, name = '', attributes = '', empty] = tag;
      if (closes === '/') {
        if (open.pop()?.name !== name) flaws.push(`</${name}> has no beginning`);
      } else {
        const element: Element = { name, attributes: attributesIn(attributes), children: [] };
        (inside?.children ?? roots).push(element);
        if (empty !== '/') open.push(element);
      }
      at = MARKUP.lastIndex;
    } else if (text !== null) {
      if (text[0].trim() !== '' && (inside === undefined || ELEMENTS[inside.name]?.text !== true))
        flaws.push(`text in ${inside?.name ?? 'no element'}: ${text[0].trim()}`);
      at = TEXT.lastIndex;
    } else return [...flaws, `not well-formed: ${xml.slice(at, at + 40)}`];
  }
  flaws.push(...open.map(({ name }) => `<${name}> has no end`));
  if (roots.length !== 1 || roots[0]?.name !== 'testsuites') flaws.push('its root is not one testsuites');
  return [...flaws, ...roots.flatMap(flawsOf)];
}

const attributesIn = (text: string): Map<string, string> =>
  new Map([...text.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));

function flawsOf({ name, attributes, children }: Element): string[] {
  const rules = ELEMENTS[name];
  if (rules === undefined) return [`there is no element ${name}`];
  const { required = [], optional = [] } = rules;
  const time = attributes.get('time');
  return [
    ...required.filter((one) => !attributes.has(one)).map((one) => `${name} lacks ${one}`),
    ...[...attributes.keys()]
      .filter((one) => !required.includes(one) && !optional.includes(one))
      .map((one) => `${name} may not have ${one}`),
    ...(time === undefined || TIME.test(time) ? [] : [`${name} has the time ${time}`]),
    ...children
      .filter((child) => rules.children?.includes(child.name) !== true)
      .map((child) => `${name} may not contain ${child.name}`),
    ...children.flatMap(flawsOf),
  ];
}
