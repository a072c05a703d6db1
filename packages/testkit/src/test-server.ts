/** The PostgreSQL server of this run, as the workers know it. */
export type TestServer = {
  readonly adminUrl: string;
  /** A migrated database nobody connects to; it is cloned for each test file. */
  readonly template: string;
  /** Names every database made in this run, so the end of the run finds them all. */
  readonly prefix: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer;
  }
}
