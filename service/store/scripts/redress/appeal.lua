-- Take an author's appeal against a rejection in, once: record, history and list, all or nothing.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"
-- ARGV  one map: now; comment: comment id; seen: the revision that the caller saw; change: history entry;
--       appeal: appeal (MessagePack); site
-- Reply {word, revision, state}
--       applied  it waits for a moderator       again    there was an appeal against this text before
--       stale    the comment has changed since  illegal  it is not rejected       missing  no such comment
-- uses: appealed
-- include: lists
-- include: history
local given = cmsgpack.unpack(ARGV[1])
local state, rev, app = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'app'))
if not state then return {'missing', 0, ''} end
if app then return {'again', tonumber(rev), state} end
if tonumber(rev) ~= given.seen then return {'stale', tonumber(rev), state} end
if state ~= 'rejected' then return {'illegal', tonumber(rev), state} end
rev = tonumber(rev) + 1
redis.call('HSET', KEYS[1], 'rev', rev, 'updated', given.now, 'app', given.appeal)
note_change(KEYS[1], KEYS[2], given.change)
redis.call('ZADD', KEYS[3] .. K.appealed, given.now, given.comment)
live(KEYS[3], given.site, given.comment, state, 'appealed', rev, 'author', 'appealed')
return {'applied', rev, state}
