import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/**
 * Users and arrivals on a database with many seeded sessions. They read and use the seeded tasks, a few of them most of
 * the time, besides tasks that the users create.
 */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES['data-size'],
  held: 'failures',
  sharedTasks: 10,
});
