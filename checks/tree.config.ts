import { defineConfig } from 'vitest/config';

/** Tests that only read the files of the repository and need no database. They are part of `lint`. */
export default defineConfig({ test: { include: ['checks/*.test.ts'], reporters: ['dot'] } });
