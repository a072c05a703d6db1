-- A write whose caller has been answered must not be done any more: it may have waited in a network, in a stopped server or behind a lock. Each
-- carries the time within which its caller waits, by the clock of this server, and asks here when everything else of it has been done and nothing
-- is committed yet. Before that time means that this clock was stepped back since the write was sent: then the clock cannot tell how long it took.
-- Without bounds it is always in time.
create function in_time(p_from_ms double precision, p_until_ms double precision) returns boolean language plpgsql volatile as $$
declare
  v_now_ms constant double precision := extract(epoch from clock_timestamp()) * 1000;
begin
  if p_until_ms < v_now_ms or v_now_ms < p_from_ms then
    -- The detail lets a caller that still waits correct what it believes of this clock.
    raise exception 'the caller of this statement does not wait for it any more' using errcode = 'PL006', detail = v_now_ms::text;
  end if;
  return true;
end $$;
