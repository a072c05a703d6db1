import { redisAvailable } from '@phaselock/testkit';
import { test } from 'vitest';

/** Skipped, and told so, where there is no Redis; on CI having none is a failure. */
export const redisTest = redisAvailable().kind === 'none' ? test.skip : test;
