/**
 * Lua scripts, each atomic in Redis. A snapshot is stored as `version:text`; the floor of its slot (the lowest accepted
 * version) is stored under a second key.
 */

export const GET_SNAPSHOT = `
local held = redis.call('GET', KEYS[1])
if not held then return false end
return {held, redis.call('PTTL', KEYS[1])}`;

/** KEYS: snapshot, floor. ARGV: version, text, lifetime in ms. */
export const PUT_SNAPSHOT = `
local version = tonumber(ARGV[1])
local floor = redis.call('GET', KEYS[2])
if floor and version < tonumber(floor) then return 0 end
local held = redis.call('GET', KEYS[1])
if held and version < tonumber(string.match(held, '^%d+')) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3])
return 1`;

/** KEYS: snapshot, floor. ARGV: version, lifetime of the floor in ms. */
export const FORGET_SNAPSHOT = `
local floor = math.max(tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[2]) or '0'))
redis.call('SET', KEYS[2], string.format('%.0f', floor), 'PX', ARGV[2])
local held = redis.call('GET', KEYS[1])
if held and tonumber(string.match(held, '^%d+')) < floor then redis.call('DEL', KEYS[1]) end
return 1`;
