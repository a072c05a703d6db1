import { redisAvailable } from '@phaselock/testkit';
import { test } from 'vitest';

/** Skips the test if there is neither a `redis-server` nor PHASELOCK_TEST_REDIS_URL. In CI that is an error. */
export const redisTest = redisAvailable().kind === 'none' ? test.skip : test;
