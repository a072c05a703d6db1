/** The PostgreSQL server of a test run, and the function that stops it. */
export type FoundServer = { readonly adminUrl: string; readonly stop: () => Promise<void> };
