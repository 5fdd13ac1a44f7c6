-- Give model versions their roles at a site, all at once, if the active one is still the one that the caller saw.
--
-- What was active before lies beneath, the newest last: a rollback takes the newest of those that is still there, was not
-- rolled back itself and did not alert, and the base model when there is none.
--
-- KEYS  1 pointers  2 the hash of the version that is to get a role, or KEYS[1] when none is (the base model needs none)
--       3 prefix of versions' hashes
-- ARGV  one map: site, or "*"; what: "promote", "rollback", "shadow", "alerted" (a rollback is not to go there);
--       version, or "" (promote: the base model; shadow: none any more);
--       seen: the active version that the caller saw, or nothing for any; now: now (ms);
--       channel: channel to announce it on
-- Reply {word, active, previous, shadow, beneath, gone, before}: previous is where a rollback would go ("": the base model),
--       beneath and gone are versions with a blank between, "base" for the base model; before is what was active until now
--       done     missing  no such version     stale  another one is active     nothing  there is nothing to roll back to
local DEEP, REMEMBERED = 10, 50
local given = cmsgpack.unpack(ARGV[1])
local function field(role) return given.site .. ':' .. role end
local active, previous, shadow, since, beneath, gone = unpack(redis.call('HMGET', KEYS[1], field('active'), field('previous'),
  field('shadow'), field('since'), field('beneath'), field('gone')))
active, shadow = active or '', shadow or ''
local before = active

local function words(text)
  local found = {}
  for word in string.gmatch(text or '', '%S+') do found[#found + 1] = word end
  return found
end
local function last(list, most) return table.concat(list, ' ', math.max(1, #list - most + 1)) end
local stack, refused = words(beneath), words(gone)
if not beneath and previous and previous ~= '' then stack = {previous} end -- written before there was a stack

local function is_gone(version)
  for _, one in ipairs(refused) do if one == version then return true end end
  return false
end
local function forget(version)
  for at = #refused, 1, -1 do if refused[at] == version then table.remove(refused, at) end end
end
local function usable(version)
  return version == 'base' or (version ~= active and not is_gone(version)
    and redis.call('EXISTS', KEYS[3] .. version) == 1)
end
local function tidy() -- what can't be gone back to is no longer beneath
  while #stack > 0 and not usable(stack[#stack]) do table.remove(stack) end
end
local function reply(word)
  local top = stack[#stack] or 'base'
  return {word, active, top == 'base' and '' or top, shadow, last(stack, DEEP), last(refused, REMEMBERED), before}
end
if given.version ~= '' and redis.call('EXISTS', KEYS[2]) == 0 then return reply('missing') end
if given.seen and given.seen ~= active then return reply('stale') end
if given.what == 'rollback' and (not since or active == '') then return reply('nothing') end

if given.what == 'shadow' then
  shadow = given.version
elseif given.what == 'alerted' then
  forget(given.version)
  refused[#refused + 1] = given.version
  tidy()
elseif given.what == 'rollback' then
  forget(active)
  refused[#refused + 1] = active
  tidy()
  local top = table.remove(stack) or 'base'
  active = top == 'base' and '' or top
  tidy()
elseif active ~= given.version or not since then
  if since then stack[#stack + 1] = active == '' and 'base' or active end
  active = given.version
  forget(active)
  tidy()
end
if shadow == active then shadow = '' end
if given.what == 'promote' or given.what == 'rollback' then redis.call('HSET', KEYS[1], field('since'), given.now) end
local told = reply('done')
redis.call('HSET', KEYS[1], field('active'), active, field('previous'), told[3], field('shadow'), shadow,
  field('beneath'), told[5], field('gone'), told[6])
if given.what ~= 'alerted' then redis.call('PUBLISH', given.channel, given.site) end
return told
