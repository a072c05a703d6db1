import { describe, expect, test } from 'vitest';
import { isLoopbackHost, refuseForeignOrigin } from './loopback-only.ts';

describe('with authentication off', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['localhost', true],
    ['::1', true],
    ['[::1]', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.0.1', false],
    ['localhost.example.com', false],
    ['127.0.0.1.example.com', false],
    ['', false],
  ])('%s is this machine: %s', (host, expected) => {
    expect(isLoopbackHost(host)).toBe(expected);
  });

  test.each([
    [{ host: '127.0.0.1:4700' }, true],
    [{ host: '[::1]:4700', origin: 'http://localhost:5173' }, true],
    [{}, true],
    [{ host: 'rebound.example:4700' }, false],
    [{ host: 'localhost:4700', origin: 'https://example.com' }, false],
    [{ host: 'localhost:4700', origin: 'null' }, false],
    [{ host: 'localhost:4700', origin: 'http://localhost.example.com' }, false],
  ])('%j is answered: %s', (headers, expected) => {
    const ask = (): void => refuseForeignOrigin(headers);
    if (expected) expect(ask).not.toThrow();
    else expect(ask).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
});
