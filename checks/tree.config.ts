import { defineConfig } from 'vitest/config';

/** What is read off the tree alone, with no database: part of `lint`. */
export default defineConfig({ test: { include: ['checks/*.test.ts'], reporters: ['dot'] } });
