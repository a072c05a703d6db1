import { describe, expect, test } from 'vitest';
import { isFromHere, isLoopbackHost, refuseForeigners } from './loopback-only.ts';

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
  ])('isLoopbackHost(%s) returns %s', (host, expected) => {
    expect(isLoopbackHost(host)).toBe(expected);
  });

  test.each([
    [{ headers: { host: '127.0.0.1:4700' } }, true],
    [{ headers: { host: '[::1]:4700', origin: 'http://localhost:5173' } }, true],
    [{ headers: {} }, true],
    [{ url: 'http://localhost:4700/docs', headers: { host: 'localhost:4700' } }, true],
    [{ url: '*', headers: { host: 'localhost:4700' } }, true],
    [{ url: 'http://rebound.example/docs', headers: { host: 'localhost:4700' } }, false],
    [{ url: 'localhost:4700', headers: { host: 'localhost:4700' } }, false],
    [{ headers: { host: 'rebound.example:4700' } }, false],
    [{ headers: { host: 'localhost:4700:80' } }, false],
    [{ headers: { host: 'ada@localhost' } }, false],
    [{ headers: { host: '' } }, false],
    [{ headers: { host: 'localhost:4700', origin: 'https://example.com' } }, false],
    [{ headers: { host: 'localhost:4700', origin: 'null' } }, false],
    [{ headers: { host: '127.0.0.1:4700', forwarded: 'for=192.0.2.1' } }, false],
    [{ headers: { host: '127.0.0.1:4700', via: '1.1 a-proxy' } }, false],
    [{ headers: { host: '127.0.0.1:4700', 'x-forwarded-for': '192.0.2.1' } }, false],
    [{ headers: { host: '127.0.0.1:4700', 'x-forwarded-host': 'phaselock.example' } }, false],
    [{ headers: { host: '127.0.0.1:4700', 'x-forwarded-proto': 'https' } }, false],
    [{ headers: { host: '127.0.0.1:4700', 'x-real-ip': '' } }, false],
    [{ headers: { host: 'localhost:4700', origin: 'http://localhost.example.com' } }, false],
  ])('isFromHere(%j) returns %s', (asked, expected) => {
    expect(isFromHere(asked)).toBe(expected);
    const ask = (): void => refuseForeigners(asked);
    if (expected) expect(ask).not.toThrow();
    else expect(ask).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
});
