-- Keep a model version, once, and let go of the site's oldest ones that have no role.
--
-- KEYS  1 the version's hash  2 the site's versions  3 pointers
-- ARGV  1 version  2 made at (ms)  3 card (MessagePack)  4 artefact  5 how many versions to keep  6 prefix of versions' hashes
-- Reply added, or same when it was here
if redis.call('EXISTS', KEYS[1]) == 1 then return 'same' end
redis.call('HSET', KEYS[1], 'card', ARGV[3], 'artefact', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])

local role = {[ARGV[1]] = true}
for _, version in ipairs(redis.call('HVALS', KEYS[3])) do role[version] = true end
local excess = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5])
for _, version in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if excess <= 0 then break end
  if not role[version] then
    redis.call('ZREM', KEYS[2], version)
    redis.call('DEL', ARGV[6] .. version)
    excess = excess - 1
  end
end
return 'added'
