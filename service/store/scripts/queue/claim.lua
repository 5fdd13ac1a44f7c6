-- Say that somebody looks at a comment, or no longer does. Whoever came first is named until they leave or say nothing more.
--
-- KEYS  1 claim  2 site prefix "…s:<site>:"
-- ARGV  one map: who; lasts: for how long, ms (0: they leave); comment: comment id; site; now
-- Reply {who looks, or "", until when}
-- uses: live
-- include: lists
local given = cmsgpack.unpack(ARGV[1])
local holder = redis.call('GET', KEYS[1])
local function tell(by, till)
  redis.call('PUBLISH', root(KEYS[2]) .. K.live, cjson.encode({site = given.site, comment = given.comment, by = by, till = till}))
end
if given.lasts == 0 then
  if holder == given.who then
    redis.call('DEL', KEYS[1])
    tell('', 0)
    holder = false
  end
elseif not holder or holder == given.who then
  redis.call('SET', KEYS[1], given.who, 'PX', given.lasts)
  if not holder then tell(given.who, given.now + given.lasts) end
  holder = given.who
end
return {holder or '', holder and given.now + redis.call('PTTL', KEYS[1]) or 0}
