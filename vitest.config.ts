import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{packages,apps}/*/{src,test}/**/*.test.ts',
      'checks/**/*.test.ts',
      'examples/**/*.test.ts',
      'chaos/**/*.test.ts',
      'loadtests/**/*.test.ts',
    ],
    globalSetup: './packages/testkit/src/global-setup.ts',
    reporters: ['default', './packages/testkit/src/plain-reporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
