import { defineConfig } from 'vitest/config';
import tests from '../vitest.config.ts';

/** What needs the machine to itself: its bakes of seconds are over before a command has started beside the whole suite. */
export default defineConfig({ ...tests, test: { ...tests.test, include: ['apps/**/*.live.ts'] } });
