import { smallDiskAvailable } from '@phaselock/testkit';
import { test } from 'vitest';

/** Skipped, and told so, where no small disk can be mounted; on CI that is a failure. */
export const fullDiskTest = smallDiskAvailable().kind === 'none' ? test.skip : test;
