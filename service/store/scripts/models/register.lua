-- Keep a model version, once, and let go of the site's oldest ones that have no role.
--
-- KEYS  1 the version's hash  2 the site's versions  3 pointers  4 prefix of versions' hashes
-- ARGV  one map: version; made_at: made at (ms); card: card (MessagePack); artefact; keep: how many versions to keep
-- Reply added, or same when it was here
local given = cmsgpack.unpack(ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 1 then return 'same' end
redis.call('HSET', KEYS[1], 'card', given.card, 'artefact', given.artefact)
redis.call('ZADD', KEYS[2], given.made_at, given.version)

local role = {[given.version] = true}
local pointers = redis.call('HGETALL', KEYS[3])
for at = 1, #pointers, 2 do -- those that were rolled back or alerted have no role
  if not string.find(pointers[at], ':gone$') then
    for version in string.gmatch(pointers[at + 1], '%S+') do role[version] = true end
  end
end
local excess = redis.call('ZCARD', KEYS[2]) - given.keep
for _, version in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if excess <= 0 then break end
  if not role[version] then
    redis.call('ZREM', KEYS[2], version)
    redis.call('DEL', KEYS[4] .. version)
    excess = excess - 1
  end
end
return 'added'
