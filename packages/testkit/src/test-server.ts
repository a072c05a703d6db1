/** The PostgreSQL server of a test run, as the global set-up provides it to the test workers. */
export type TestServer = {
  readonly adminUrl: string;
  /**
   * A migrated database, which tests clone. It accepts no connections, because PostgreSQL cannot clone a database that
   * has open ones.
   */
  readonly template: string;
  /** Prefix of the name of every database created in this run, so that the end of the run can drop them all. */
  readonly prefix: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer;
  }
}
