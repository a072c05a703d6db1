import { describe, expect, it } from 'vitest';
import { sampleState } from '../test/sample-slots.ts';
import { slotStateCodec } from './slot-state-codec.ts';

describe('a slot as text', () => {
  it.each([
    ['with a session', sampleState(3)],
    ['without', { ...sampleState(3), live: null }],
  ])('comes back as it was, %s', (_, state) => {
    expect(slotStateCodec.decode(slotStateCodec.encode(state))).toEqual(state);
  });

  const { live } = sampleState(3);
  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no version', JSON.stringify({ ...sampleState(3), version: undefined })],
    ['a generation that is none', JSON.stringify({ ...sampleState(3), generation: -1 })],
    ['no word on the session', JSON.stringify({ version: 1, generation: 1 })],
    ['an unknown status', JSON.stringify({ ...sampleState(3), live: { ...live, status: 'paused' } })],
    [
      'an unknown agent',
      JSON.stringify({ ...sampleState(3), live: { ...live, identity: { ...live?.identity, agent: 'toString' } } }),
    ],
    [
      'parameters of another form',
      JSON.stringify({ ...sampleState(3), live: { ...live, identity: { ...live?.identity, parameters: { a: [] } } } }),
    ],
    [
      'no parameters',
      JSON.stringify({ ...sampleState(3), live: { ...live, identity: { ...live?.identity, parameters: undefined } } }),
    ],
    ['a flag that is none', JSON.stringify({ ...sampleState(3), live: { ...live, guarded: 1 } })],
  ])('is not read when it has %s', (_, text) => {
    expect(slotStateCodec.decode(text)).toBeUndefined();
  });
});
