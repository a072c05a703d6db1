import { describe, expect, it } from 'vitest';
import { sampleState } from '../test/sample-slots.ts';
import { slotStateCodec } from './slot-state-codec.ts';

describe('slotStateCodec', () => {
  it.each([
    ['with a session', sampleState(3)],
    ['without a session', { ...sampleState(3), live: null }],
  ])('decodes an encoded slot to the same state, %s', (_, state) => {
    expect(slotStateCodec.decode(slotStateCodec.encode(state))).toEqual(state);
  });

  const { live } = sampleState(3);
  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no version', JSON.stringify({ ...sampleState(3), version: undefined })],
    ['an invalid generation', JSON.stringify({ ...sampleState(3), generation: -1 })],
    ['no field for the session', JSON.stringify({ version: 1, generation: 1 })],
    ['an unknown status', JSON.stringify({ ...sampleState(3), live: { ...live, status: 'paused' } })],
    [
      'an unknown agent',
      JSON.stringify({ ...sampleState(3), live: { ...live, identity: { ...live?.identity, agent: 'toString' } } }),
    ],
    [
      'parameters of another type',
      JSON.stringify({ ...sampleState(3), live: { ...live, identity: { ...live?.identity, parameters: { a: [] } } } }),
    ],
    [
      'no parameters',
      JSON.stringify({ ...sampleState(3), live: { ...live, identity: { ...live?.identity, parameters: undefined } } }),
    ],
    ['a flag that is not a boolean', JSON.stringify({ ...sampleState(3), live: { ...live, guarded: 1 } })],
  ])('decodes a text with %s to undefined', (_, text) => {
    expect(slotStateCodec.decode(text)).toBeUndefined();
  });
});
