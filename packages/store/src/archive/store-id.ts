/**
 * A UUID that identifies an archive store. It is written to a marker object in the store and recorded in the database.
 */
export type StoreId = `${string}-${string}-${string}-${string}-${string}`;
