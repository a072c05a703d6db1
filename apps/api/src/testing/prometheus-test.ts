import { prometheusAvailable } from '@phaselock/testkit';
import { test } from 'vitest';

/** Skipped, and told so, where there is no Prometheus; on CI having none is a failure. */
export const prometheusTest = prometheusAvailable().kind === 'none' ? test.skip : test;
