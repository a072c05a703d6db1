import type { Stages } from '@phaselock/rollout';
import { audit } from './boards/audit.ts';
import { cache } from './boards/cache.ts';
import { locksAndPool } from './boards/locks-and-pool.ts';
import { overview } from './boards/overview.ts';
import { purgeAndArchive } from './boards/purge-and-archive.ts';
import { rollout } from './boards/rollout.ts';
import { runtime } from './boards/runtime.ts';
import type { DashboardPlan } from './plan.ts';

/** All dashboards, in the order in which an on-call engineer opens them. */
export const dashboards = (stages: Stages): readonly DashboardPlan[] => [
  overview(stages),
  rollout(stages),
  locksAndPool(stages),
  cache(),
  purgeAndArchive(),
  audit(stages),
  runtime(),
];

/** The file of a dashboard: `phaselock-overview` has `overview.json`. */
export const fileOf = ({ uid }: DashboardPlan): string => `${uid.replace(/^phaselock-/, '')}.json`;
