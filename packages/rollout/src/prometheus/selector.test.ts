import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSelector } from './parse-selector.ts';
import { selectorText } from './selector-text.ts';

test('selectorText writes labels, alternatives and exclusions', () => {
  const selector = { metric: 'm', labels: { a: ['x'], b: ['y', 'z.1'] }, not: { c: ['w'], d: ['u', 'v'] } };
  expect(selectorText(selector, { job: ['api'] })).toBe('m{a="x",b=~"y|z\\\\.1",job="api",c!="w",d!~"u|v"}');
});

test('a selector matches exactly its label values, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), fc.string(), (values, other) => {
      const matches = parseSelector(selectorText({ metric: 'm', labels: { a: values }, not: {} }));
      for (const value of values) expect(matches?.({ __name__: 'm', a: value })).toBe(true);
      expect(matches?.({ __name__: 'm', a: other })).toBe(values.includes(other));
      expect(matches?.({ __name__: 'n', a: values[0] ?? '' })).toBe(false);
    }),
  );
});

test.each(['rate(up[5m])', 'up + 1', 'up{', 'up{a=b}', '', 'up{a="b"}[5m]', 'up{a=~"("}'])(
  'parseSelector refuses %s',
  (query) => {
    expect(parseSelector(query)).toBeNull();
  },
);
