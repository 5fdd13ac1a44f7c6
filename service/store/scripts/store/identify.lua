-- Note what data this is, unless it says so already, and which keys it goes with.
--
-- KEYS  1 the box
-- ARGV  one map: id: what it is called if it has no name yet; format: the number of what is stored;
--       keys: name -> fingerprint; gone: names of fingerprints that it goes with no more;
--       partitions: how many it has, which is settled with the name
-- Reply its id; "" when it has another number of partitions: nothing was noted
local given = cmsgpack.unpack(ARGV[1])
local id, partitions = unpack(redis.call('HMGET', KEYS[1], 'id', 'partitions'))
if id and tonumber(partitions or 1) ~= given.partitions then return '' end
if not id then redis.call('HSET', KEYS[1], 'id', given.id) end
if not id and given.partitions > 1 then redis.call('HSET', KEYS[1], 'partitions', given.partitions) end
if tonumber(redis.call('HGET', KEYS[1], 'format') or 0) < given.format then redis.call('HSET', KEYS[1], 'format', given.format) end
for _, name in ipairs(given.gone) do redis.call('HDEL', KEYS[1], 'key ' .. name) end
for name, print in pairs(given.keys) do redis.call('HSET', KEYS[1], 'key ' .. name, print) end
return redis.call('HGET', KEYS[1], 'id')
