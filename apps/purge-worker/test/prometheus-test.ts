import { prometheusAvailable } from '@phaselock/testkit';
import { test } from 'vitest';

/** Skips the test where Prometheus is not installed. In CI its absence is an error. */
export const prometheusTest = prometheusAvailable().kind === 'none' ? test.skip : test;
