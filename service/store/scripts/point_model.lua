-- Give model versions their roles at a site, all at once, if the active one is still the one that the caller saw.
--
-- KEYS  1 pointers  2 the hash of the version that is to get a role, or KEYS[1] when none is (the base model needs none)
-- ARGV  1 site, or "*"  2 "promote", "rollback", "shadow"  3 version, or "" (promote: the base model; shadow: none any more)
--       4 the active version that the caller saw, or "?" for any  5 now (ms)  6 channel to announce it on
-- Reply {word, active, previous, shadow}
--       done     missing  no such version     stale  another one is active     nothing  there was no switch to take back
local function field(role) return ARGV[1] .. ':' .. role end
local active, previous, shadow, since =
  unpack(redis.call('HMGET', KEYS[1], field('active'), field('previous'), field('shadow'), field('since')))
active, previous, shadow = active or '', previous or '', shadow or ''

local function reply(word) return {word, active, previous, shadow} end
if redis.call('EXISTS', KEYS[2]) == 0 and ARGV[3] ~= '' then return reply('missing') end
if ARGV[4] ~= '?' and ARGV[4] ~= active then return reply('stale') end
if ARGV[2] == 'rollback' and not since then return reply('nothing') end

if ARGV[2] == 'shadow' then
  shadow = ARGV[3]
elseif ARGV[2] == 'rollback' then
  active, previous = previous, active
elseif active ~= ARGV[3] or not since then
  active, previous = ARGV[3], active
end
if shadow == active then shadow = '' end
if ARGV[2] ~= 'shadow' then redis.call('HSET', KEYS[1], field('since'), ARGV[5]) end
redis.call('HSET', KEYS[1], field('active'), active, field('previous'), previous, field('shadow'), shadow)
redis.call('PUBLISH', ARGV[6], ARGV[1])
return reply('done')
