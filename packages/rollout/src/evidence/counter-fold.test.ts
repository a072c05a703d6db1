import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sample } from '../prometheus/prometheus.ts';
import { checkEnd, foldCounter, newCounter } from './counter-fold.ts';
import { endsOf, foldLife, newLife } from './process-life.ts';

const FROM = 1_000_000;
const STEP = 15_000;
const at = (scrape: number): number => FROM + scrape * STEP;

type Scrape = readonly [scrape: number, value: number | null, startedAt: number];
const OLD = FROM - 500_000;

/** Counts one series over the scrapes of its instance; null is a scrape without the series. */
function counted(scrapes: readonly Scrape[], longestGapMs = 75_000) {
  const life = newLife();
  foldLife(
    life,
    scrapes.map(([scrape, , started]): Sample => ({ at: at(scrape), value: started / 1_000 })),
    { from: FROM, longestGapMs },
  );
  const counter = newCounter({ __name__: 'c', instance: 'a' });
  const samples = scrapes.flatMap(([scrape, value]) => (value === null ? [] : [{ at: at(scrape), value }]));
  foldCounter(counter, samples, life, FROM);
  checkEnd(counter, life, longestGapMs);
  return { increase: counter.increase, why: counter.untrusted.map(({ why }) => why), life };
}

describe('the increase is counted', () => {
  test('from the newest sample at or before the start of the bake', () => {
    expect(
      counted([
        [-2, 5, OLD],
        [-1, 7, OLD],
        [0, 10, OLD],
        [1, 13, OLD],
        [2, 13, OLD],
      ]),
    ).toMatchObject({ increase: 3, why: [] });
  });
  test('in whole events, where increase() of Prometheus returns 385.01', () => {
    const scrapes = Array.from({ length: 120 }, (_, index): Scrape => [index, Math.round(index * (381 / 119)), OLD]);
    expect(counted(scrapes)).toMatchObject({ increase: 381, why: [] });
  });
  test('from 0 for a new process, although it counted more than the old one', () => {
    expect(
      counted([
        [0, 10, OLD],
        [1, 12, OLD],
        [2, 40, at(1) + 5_000],
        [3, 41, at(1) + 5_000],
      ]),
    ).toMatchObject({ increase: 43, why: [] });
  });
  test('from 0 for a new process that counted less', () => {
    expect(
      counted([
        [0, 10, OLD],
        [1, 12, OLD],
        [2, 3, at(1) + 5_000],
      ]),
    ).toMatchObject({ increase: 5, why: [] });
  });
  test('from 0 for an instance that started within the bake', () => {
    expect(
      counted([
        [5, 4, at(4)],
        [6, 9, at(4)],
      ]),
    ).toMatchObject({ increase: 9, why: [] });
  });
  test('from 0 for a series that is new within the bake, if its process was scraped without it before', () => {
    expect(
      counted([
        [0, null, OLD],
        [1, null, OLD],
        [2, 4, OLD],
        [3, 6, OLD],
      ]),
    ).toMatchObject({ increase: 6, why: [] });
  });
  test('across missed scrapes of the same process', () => {
    expect(
      counted([
        [0, 10, OLD],
        [4, 30, OLD],
      ]),
    ).toMatchObject({ increase: 20, why: [] });
  });
  test('once for a sample that is read twice', () => {
    expect(
      counted([
        [0, 1, OLD],
        [1, 5, OLD],
        [1, 5, OLD],
        [2, 6, OLD],
      ]),
    ).toMatchObject({ increase: 5, why: [] });
  });
});

describe('counts are not trusted', () => {
  test.each<readonly [string, string, readonly Scrape[]]>([
    [
      'of a process that started before the bake and was not seen before',
      'beginning_unknown',
      [
        [3, 400, OLD],
        [4, 401, OLD],
      ],
    ],
    [
      'that are NaN',
      'not_a_number',
      [
        [0, 1, OLD],
        [1, Number.NaN, OLD],
        [2, 3, OLD],
      ],
    ],
    [
      'that are infinite',
      'not_a_number',
      [
        [0, 1, OLD],
        [1, Number.POSITIVE_INFINITY, OLD],
      ],
    ],
    [
      'that are negative',
      'not_a_counter',
      [
        [0, -1, OLD],
        [1, 3, OLD],
      ],
    ],
    [
      'that fall within one process',
      'not_a_counter',
      [
        [0, 9, OLD],
        [1, 3, OLD],
      ],
    ],
    [
      'with two values at one time',
      'not_a_counter',
      [
        [0, 1, OLD],
        [1, 3, OLD],
        [1, 4, OLD],
      ],
    ],
    [
      'of a series that ends before its process',
      'ended_early',
      [
        [0, 1, OLD],
        [1, 2, OLD],
        [2, null, OLD],
        [9, null, OLD],
      ],
    ],
  ])('%s', (_, why, scrapes) => {
    expect(counted(scrapes).why).toContain(why);
  });
});

test('a process has ended if it is replaced or no longer seen', () => {
  const { life } = counted([
    [0, 1, OLD],
    [1, 2, OLD],
    [2, 1, at(1) + 1],
    [3, 2, at(1) + 1],
  ]);
  expect(endsOf(life, FROM, at(4), 60_000)).toEqual([at(1)]);
  expect(endsOf(life, FROM, at(40), 60_000)).toEqual([at(1), at(3)]);
});

test('the counted increase is correct for any sequence of restarts', () => {
  const process = fc.record({ counts: fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }), pause: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(process, { minLength: 1, maxLength: 6 }), (processes) => {
      const scrapes: Scrape[] = [[0, 1_000, OLD]];
      let expected = 0;
      let scrape = 1;
      let [value, started] = [1_000, OLD];
      for (const { counts, pause } of processes) {
        for (const count of counts) {
          value += count;
          expected += count;
          scrapes.push([scrape, value, started]);
          scrape += 1;
        }
        scrape += pause;
        [value, started] = [0, at(scrape) - 7_000];
      }
      expect(counted(scrapes)).toMatchObject({ increase: expected, why: [] });
    }),
  );
});
