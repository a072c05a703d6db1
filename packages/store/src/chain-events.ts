import { firstRow, functionCall, type Sql } from './sql.ts';

const CHAIN_NEXT_TASKS = functionCall('chain_next_tasks', 2);

export type ChainedTasks = {
  readonly tasks: number;
  readonly events: number;
  /** Every event from before the chains is chained now. */
  readonly finished: boolean;
};

/**
 * Chains the events of the next tasks that were written before events were chained. Returns without work while another
 * process does the same.
 */
export async function chainNextTasks(
  sql: Sql,
  { limit, waitMs }: { readonly limit: number; readonly waitMs: number },
): Promise<ChainedTasks> {
  return firstRow(await sql.query<ChainedTasks>(CHAIN_NEXT_TASKS, [limit, waitMs]));
}
