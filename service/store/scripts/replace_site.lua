-- Store a changed site, if it is still what the caller saw.
--
-- KEYS  1 sites
-- ARGV  1 site  2 the record that the caller saw  3 the record to store (both MessagePack)
-- Reply saved, changed when somebody was faster, or missing
local now = redis.call('HGET', KEYS[1], ARGV[1])
if not now then return 'missing' end
if now ~= ARGV[2] then return 'changed' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 'saved'
