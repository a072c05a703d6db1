import type { Stages } from '@phaselock/rollout';
import { audit } from './boards/audit.ts';
import { cache } from './boards/cache.ts';
import { locksAndPool } from './boards/locks-and-pool.ts';
import { overview } from './boards/overview.ts';
import { purgeAndArchive } from './boards/purge-and-archive.ts';
import { rollout } from './boards/rollout.ts';
import { runtime } from './boards/runtime.ts';
import type { DashboardPlan } from './plan.ts';

/** In the order in which a person who was paged opens them. */
export const dashboards = (stages: Stages): readonly DashboardPlan[] => [
  overview(stages),
  rollout(stages),
  locksAndPool(stages),
  cache(),
  purgeAndArchive(),
  audit(stages),
  runtime(),
];

/** `phaselock-overview` is `overview.json`. */
export const fileOf = ({ uid }: DashboardPlan): string => `${uid.replace(/^phaselock-/, '')}.json`;
