/** Names of results in the order of the documents, with what each is for. */
export const KNOWN_SCENARIOS: readonly (readonly [name: string, about: string])[] = [
  ['smoke', 'A few users for twenty seconds, in CI: that everything works and everything is proven.'],
  ['users-100', 'A hundred users at work: normal load. The limits of the lookup and of the replacement are held here.'],
  ['users-500', 'Five hundred users: high load. The limits of CPU and memory are held here.'],
  ['peak-1000', 'A sudden spike to a thousand users, and what is left of it afterwards.'],
  ['soak', 'Five hundred users for an hour: whether anything gets worse with time.'],
  [
    'recovery',
    'PostgreSQL killed, its connections cut and slowed, Redis away, an API process killed and frozen, all under load.',
  ],
  ['purge-impact', 'Periods with the purge worker and without it by turns, in one run.'],
  ['data-size-10k', 'A hundred users on a database with ten thousand sessions, most of them in a few busy tasks.'],
  ['data-size-1M', 'The same on a million sessions.'],
  ['data-size-5M', 'The same on five million sessions.'],
  ['contention', 'Many users on few slots.'],
  ['runners', 'A thousand runners that heartbeat, append logs and follow changes.'],
];
