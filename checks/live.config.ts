import { defineConfig } from 'vitest/config';
import tests from '../vitest.config.ts';

/**
 * Runs the tests that need the machine to themselves. Their bakes last seconds and would end before the next command
 * has started if the other tests ran at the same time.
 */
export default defineConfig({ ...tests, test: { ...tests.test, include: ['apps/**/*.live.ts'] } });
