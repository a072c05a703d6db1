/** Result names in the order of the documents, with the purpose of each. */
export const KNOWN_SCENARIOS: readonly (readonly [name: string, about: string])[] = [
  ['smoke', 'A few users for twenty seconds, in CI: tests that every operation works and is proven.'],
  ['users-100', 'A hundred users: normal load. The latency limits of lookup and replacement apply here.'],
  ['users-500', 'Five hundred users: high load. The limits of CPU and memory apply here.'],
  ['peak-1000', 'A sudden spike to a thousand users, and the time after it.'],
  ['soak', 'Five hundred users for an hour: whether anything gets worse with time.'],
  [
    'recovery',
    'Faults under load: PostgreSQL killed, its connections cut and slowed, Redis killed, an API killed and frozen.',
  ],
  ['purge-impact', 'Alternating periods with and without the purge worker in one run.'],
  ['data-size-10k', 'A hundred users on a database with ten thousand sessions, most of them in a few busy tasks.'],
  ['data-size-1M', 'The same on a million sessions.'],
  ['data-size-5M', 'The same on five million sessions.'],
  ['contention', 'Many users on few slots.'],
  ['runners', 'A thousand runners that heartbeat, append logs and follow changes.'],
];
