import { redisAvailable } from '@phaselock/testkit';
import { test } from 'vitest';

/** Skips the test where Redis is not installed. In CI its absence is an error. */
export const redisTest = redisAvailable().kind === 'none' ? test.skip : test;
