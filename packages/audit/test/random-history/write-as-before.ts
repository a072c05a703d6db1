import { rewriteHistory } from '../rewrite-history.ts';

/**
 * Reduces a history to what the release before the event chains recorded: no chains, no digests of logs, and events
 * without models, conversations and usage.
 */
export const writeAsBefore = (url: string): Promise<void> =>
  rewriteHistory(url, [
    `delete from session_events where type in ('conversation-told', 'usage-booked', 'logs-appended')`,
    `update session_events set place = null, hash = null,
            detail = (select jsonb_object_agg(key, value) from jsonb_each(detail)
                      where type in ('turn-started', 'turn-lost')
                            and key in ('process_id', 'seq', 'attempt_id', 'model_change')
                         or type = 'turn-finished' and key = 'process_id'
                         or type = 'kept')`,
    'update processes set log_lines = null, log_digest = null',
    'update event_chain_progress set task_id = null, finished_at = null',
  ]);
