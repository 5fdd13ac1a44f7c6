-- Drop a comment's text when its time has come; what remains of the submission holds digests and ids, no words, and nothing
-- that could be reviewed later. A decision on it can't be taken back any more: nobody could decide anew without the text.
--
-- KEYS  1 comment  2 texts  3 site prefix "…s:<site>:"  4 history  5 the comment's call-backs  6 delivery prefix "…d:"
-- ARGV  one map: seen: the revision that the caller saw; submission: what remains (MessagePack);
--       appeal, decision (its line of history): what remains of each, if there is one;
--       history: what remains of its lines, oldest first; comment: comment id;
--       told: ids of call-backs that may hold a moderator's edit of the text: what is not to be told any more is dropped
-- Reply applied, or stale when the comment has changed since
-- uses: was undelivered
-- include: lists
-- include: reputation
local given = cmsgpack.unpack(ARGV[1])
if tonumber(redis.call('HGET', KEYS[1], 'rev')) ~= given.seen then return 'stale' end
redis.call('DEL', KEYS[2]) -- first, since a server at its maxmemory refuses what begins with more
redis.call('HSET', KEYS[1], 'sub', given.submission)
if given.decision then redis.call('HSET', KEYS[1], 'dec', given.decision) end
if redis.call('LLEN', KEYS[4]) == #given.history then
  for place, line in ipairs(given.history) do redis.call('LSET', KEYS[4], place - 1, line) end
end
redis.call('HDEL', KEYS[1], 'edit', 'ver')
for _, id in ipairs(given.told) do
  if not redis.call('LPOS', KEYS[5], id) then
    redis.call('DEL', KEYS[6] .. id)
    redis.call('ZREM', KEYS[3] .. K.undelivered, id)
  end
end
if given.appeal then redis.call('HSET', KEYS[1], 'app', given.appeal) end
redis.call('DEL', root(KEYS[3]) .. K.was .. given.comment)
leave_lists(KEYS[1], KEYS[3], given.comment)
redis.call('HDEL', KEYS[1], 'fac', 'prio', 'sev')
keep_living(KEYS[1], KEYS[3])
return 'applied'
