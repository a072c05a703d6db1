import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** A hundred users and arrivals at a constant rate: normal load. All limits of a rollout apply. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES['users-100'],
  held: 'all',
  sharedTasks: 10,
});
