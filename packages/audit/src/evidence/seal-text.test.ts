import { expect, test } from 'vitest';
import { formatHead, type Head, parseHead } from './heads.ts';
import { whyNotComparable, whyNotSince } from './seal-fits.ts';
import { formatSeal, parseSeal, type Seal } from './seal-text.ts';
import { HeadsFailure, sumHeads } from './sum-heads.ts';

const TASK = '01a20410-aa07-7292-8ef1-be045c52e776';
const SESSION = '01a20410-ab96-7175-a119-1b702443e83f';
const HASH = '18fdf040e10856c0ca2878b5ac0e4fb1129eaeb8628dd7c431de6ff57197e3e3';
const HEADS: readonly Head[] = [
  { kind: 'session', taskId: TASK, sessionId: SESSION, length: 5, hash: HASH },
  { kind: 'slot', taskId: TASK, phase: 'plan', mode: 'standard', generation: 1, digest: HASH },
  { kind: 'slot', taskId: TASK, phase: 'run', mode: 'debug', generation: 12, digest: HASH },
];

function sumOf(lines: readonly string[]) {
  const sum = sumHeads();
  for (const line of lines) sum.add(line);
  return sum.finish();
}

const SEAL: Seal = {
  ...sumOf(HEADS.map(formatHead)),
  created: '2026-11-22T16:22:29Z',
  database: HASH,
  schema: 24,
  snapshot: '821:823:821,822',
  unchained: 0,
  cluster: { systemId: '7571234567890123456', timeline: 3 },
  previous: undefined,
};

test('a head is read as it was written', () => {
  expect(HEADS.map(formatHead)).toEqual([
    `session ${TASK}/${SESSION} 5 ${HASH}`,
    `slot ${TASK}/plan/standard 1 ${HASH}`,
    `slot ${TASK}/run/debug 12 ${HASH}`,
  ]);
  expect(HEADS.map((head) => parseHead(formatHead(head)))).toEqual(HEADS);
});

test.each([
  '',
  'session',
  `session ${TASK}/${SESSION} 0 ${HASH}`,
  `session ${TASK}/${SESSION} 05 ${HASH}`,
  `session ${TASK.toUpperCase()}/${SESSION} 5 ${HASH}`,
  `session ${TASK}/${SESSION} 5 ${HASH.slice(1)}`,
  `session ${TASK}/${SESSION} 5 ${HASH} `,
  `slot ${TASK}/run 1 ${HASH}`,
  `slot ${TASK}/run/standard/x 1 ${HASH}`,
])('the line %j is not read as a head', (line) => {
  expect(parseHead(line)).toBeUndefined();
});

test('heads are added up in the order of their bytes, each once', () => {
  const lines = HEADS.map(formatHead);
  expect(sumOf(lines)).toMatchObject({ size: 3, sessions: 1, slots: 2, events: 5 });
  expect(() => sumOf(lines.toReversed())).toThrow(HeadsFailure);
  expect(() => sumOf([lines[0] ?? '', lines[0] ?? ''])).toThrow('line 2 is not in the order of the bytes');
  expect(() => sumOf([...lines, 'more'])).toThrow('line 4 is not the head of a session or of a slot');
});

test.each([
  ['the cluster', {}],
  ['the cluster and the seal before it', { previous: SEAL.root }],
  ['the seal before it', { cluster: undefined, previous: SEAL.root }],
  ['neither, as by earlier releases', { cluster: undefined }],
])('a seal with %s is read as it was written', (_what, differs) => {
  const seal = { ...SEAL, ...differs };
  expect(parseSeal(formatSeal(seal))).toEqual(seal);
});

test.each([
  ['no text', () => ''],
  ['another format', (text: string) => text.replace('phaselock-seal/1', 'phaselock-seal/2')],
  ['a line less', (text: string) => text.replace(/^schema.*\n/m, '')],
  ['a line more', (text: string) => `${text}more\n`],
  ['lines in another order', (text: string) => text.replace(/^(sessions.*\n)(slots.*\n)/m, '$2$1')],
  ['the cluster twice', (text: string) => text.replace(/^cluster.*\n/m, '$&$&')],
  ['no number as a timeline', (text: string) => text.replace(/^(cluster \d+) 3$/m, '$1 x')],
  ['no number', (text: string) => text.replace('slots 2', 'slots two')],
  ['no newline at its end', (text: string) => text.slice(0, -1)],
  ['other line ends', (text: string) => text.replaceAll('\n', '\r\n')],
])('a text with %s is no seal', (_what, change) => {
  expect(parseSeal(change(formatSeal(SEAL)))).toBeUndefined();
});

const STATE = {
  database: HASH,
  schema: 24,
  at: SEAL.created,
  snapshot: SEAL.snapshot,
  standby: false,
  cluster: SEAL.cluster,
};
const cluster = (timeline: number, systemId = '7571234567890123456') => ({ cluster: { systemId, timeline } });

test.each([
  ['the same snapshot', {}, undefined],
  ['a later snapshot', { at: '2027-01-01T00:00:00Z', snapshot: '900:900:' }, undefined],
  // A restored copy numbers its transactions anew.
  ['a primary with lower transactions', { at: '2027-01-01T00:00:00Z', snapshot: '5:5:' }, undefined],
  ['another database', { database: HASH.replace('1', '2') }, 'of another database'],
  ['an earlier time', { at: '2026-11-22T16:22:28Z' }, 'newer than this snapshot'],
  ['a standby that is behind', { standby: true, snapshot: '820:820:' }, 'standby has not yet replayed'],
  ['a standby that is not behind', { standby: true }, undefined],
] as const)('whether a seal can be compared with %s depends on the snapshot', (_what, differs, why) => {
  const found = whyNotComparable(SEAL, { ...STATE, ...differs });
  if (why === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(why);
});

test.each([
  ['the same cluster and timeline', {}, undefined],
  ['lower transactions', { snapshot: '5:5:' }, 'numbers its transactions anew'],
  ['a later timeline', cluster(4), 'a standby was promoted, or a base backup restored'],
  ['a standby on a later timeline', { ...cluster(4), standby: true }, 'a standby was promoted'],
  ['an earlier timeline', cluster(2), 'the primary from before a promotion, or an older copy'],
  ['a standby on an earlier timeline', { ...cluster(2), standby: true }, 'repeat the audit later'],
  ['another cluster', cluster(3, '7571234567890123457'), 'another PostgreSQL cluster'],
  ['a cluster that cannot be read', { cluster: undefined }, 'the PostgreSQL cluster cannot be read'],
] as const)('whether a seal can be continued on %s depends on its cluster', (_what, differs, why) => {
  const found = whyNotSince(SEAL, { ...STATE, ...differs });
  if (why === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(why);
});

test('a seal that does not name its cluster is continued on any', () => {
  expect(whyNotSince({ ...SEAL, cluster: undefined }, { ...STATE, ...cluster(9, '1') })).toBeUndefined();
});
