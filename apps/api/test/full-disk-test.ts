import { smallDiskAvailable } from '@phaselock/testkit';
import { test } from 'vitest';

/** Skips the test where no small disk can be mounted. In CI that is an error. */
export const fullDiskTest = smallDiskAvailable().kind === 'none' ? test.skip : test;
