-- Mark the flagged comments that are worth deciding for what they teach, in the place of those marked before.
--
-- They are a list of their own, and the mark is a facet like any other (`signal:teaches`), so that the queue can be filtered
-- by it. It ends when a comment leaves the queue.
--
-- KEYS  1 the marked ones  2 site prefix "…s:<site>:"  3 comments' prefix "…c:"
-- ARGV  the comments, best first
-- Reply how many are marked now: those that are in the queue
-- include: queue
local function marks(cid, wanted)
  local record = KEYS[3] .. cid
  local list, facets = unpack(redis.call('HMGET', record, 'list', 'fac'))
  if list ~= 'flagged' then return false end
  local lines = without_mark(facets)
  if wanted then lines[#lines + 1] = TEACHES end
  redis.call('HSET', record, 'fac', table.concat(lines, '\n'))
  facet(KEYS[2], cid, TEACHES, wanted)
  return wanted
end

for _, cid in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do marks(cid, false) end
redis.call('DEL', KEYS[1])
for rank, cid in ipairs(ARGV) do
  if marks(cid, true) then redis.call('ZADD', KEYS[1], #ARGV - rank + 1, cid) end
end
return redis.call('ZCARD', KEYS[1])
