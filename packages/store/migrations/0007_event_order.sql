-- Ids are given out before the commit, so whoever reads "everything after id 7" can miss an event that commits late. In the order of
-- (transaction, id), read only below the oldest transaction that still runs, nothing can appear behind a reader.
alter table session_events drop constraint session_events_pkey;
alter table session_events add column tx xid8 not null default pg_current_xact_id();
-- Serves: what happened since. In place of the key on the id alone, so that an event costs no index more than before.
alter table session_events add primary key (tx, id);
