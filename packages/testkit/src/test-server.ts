/** The PostgreSQL server of this run, as provided to the test workers. */
export type TestServer = {
  readonly adminUrl: string;
  /** A migrated database that accepts no connections; it is cloned for each test file. */
  readonly template: string;
  /** Prefix of the name of every database created in this run, so that the end of the run can drop them all. */
  readonly prefix: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer;
  }
}
