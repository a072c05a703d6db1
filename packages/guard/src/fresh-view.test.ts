import { describe, expect, test } from 'vitest';
import { freshView } from './fresh-view.ts';

/** A cached value with a clock that the test sets, and reads that the test can hold or fail. */
function world({ whenUnread }: { whenUnread?: (last: string | undefined) => string } = {}) {
  const state = { value: 'one', now: 0, reads: 0, down: false, held: undefined as Promise<void> | undefined };
  const view = freshView<string>({
    boundMs: 2_000,
    now: () => state.now,
    read: async () => {
      state.reads += 1;
      const { value, held } = state;
      await held;
      if (state.down) throw new Error('database away');
      return value;
    },
    ...(whenUnread && { whenUnread }),
  });
  return { state, view };
}
const settled = () => new Promise(setImmediate);

describe('freshView', () => {
  test('reads once for concurrent calls, and not again before half of its lifetime is over', async () => {
    const { state, view } = world();
    expect(await Promise.all([view.view(), view.view(), view.view()])).toEqual(['one', 'one', 'one']);
    state.now = 1_000;
    expect(await view.view()).toBe('one');
    expect(state.reads).toBe(1);
  });

  test('refreshes in the background once half of its lifetime is over', async () => {
    const { state, view } = world();
    await view.view();
    state.value = 'two';
    state.now = 1_001;
    expect(view.known()).toBe('one');
    await settled();
    expect(view.known()).toBe('two');
    expect(state.reads).toBe(2);
  });

  test('waits for a new read when its lifetime is over', async () => {
    const { state, view } = world();
    await view.view();
    state.value = 'two';
    state.now = 2_001;
    expect(view.known()).toBeUndefined();
    expect(await view.view()).toBe('two');
  });

  test('reads again after forget, and an earlier read does not restore the old value', async () => {
    const { state, view } = world();
    const gate = Promise.withResolvers<void>();
    state.held = gate.promise;
    const early = view.view();
    state.held = undefined;
    state.value = 'two';
    view.forget();
    expect(await view.view()).toBe('two');
    gate.resolve();
    expect(await early).toBe('one');
    expect(view.known()).toBe('two');
  });

  test('fails when the read fails, and reads again at the next call', async () => {
    const { state, view } = world();
    state.down = true;
    await expect(view.view()).rejects.toThrow('database away');
    state.down = false;
    expect(await view.view()).toBe('one');
  });

  test('returns the value of whenUnread when the read fails', async () => {
    const { state, view } = world({ whenUnread: (last) => last ?? 'nothing' });
    state.down = true;
    expect(await view.view()).toBe('nothing');
    state.down = false;
    view.forget();
    expect(await view.view()).toBe('one');
    state.down = true;
    state.now = 10_000;
    expect(await view.view()).toBe('one');
  });
});
