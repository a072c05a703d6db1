-- The flags there are. A name nobody knows is refused by whoever sets one, so that a typing error switches nothing.
insert into flags (name, enabled, value, updated_by) values
  -- The kill switch: off, sessions are created beside each other, as they were before there was a rule.
  ('single_session_guard', true, null, 'migration'),
  ('pessimistic_locking_enabled', true, null, 'migration'),
  -- What is used while pessimistic locking is off.
  ('locking_strategy', true, '"optimistic"', 'migration')
on conflict (name) do nothing;
