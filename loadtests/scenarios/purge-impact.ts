import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** A steady load, while the worker purges or not. What is purged was deleted before the run. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES['purge-impact'],
  held: 'failures',
  sharedTasks: 10,
});
