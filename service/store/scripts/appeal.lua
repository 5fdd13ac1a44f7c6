-- Take an author's appeal against a rejection in, once: record, history and list, all or nothing.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"
-- ARGV  1 now  2 comment id  3 the revision that the caller saw  4 history entry  5 appeal (MessagePack)  6 site
-- Reply {word, revision, state}
--       applied  it waits for a moderator       again    there was an appeal against this text before
--       stale    the comment has changed since  illegal  it is not rejected       missing  no such comment
-- include: queue
local state, rev, app = unpack(redis.call('HMGET', KEYS[1], 'state', 'rev', 'app'))
if not state then return {'missing', 0, ''} end
if app then return {'again', tonumber(rev), state} end
if rev ~= ARGV[3] then return {'stale', tonumber(rev), state} end
if state ~= 'rejected' then return {'illegal', tonumber(rev), state} end
rev = tonumber(rev) + 1
redis.call('HSET', KEYS[1], 'rev', rev, 'updated', ARGV[1], 'app', ARGV[5])
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[3] .. 'appealed', ARGV[1], ARGV[2])
live(KEYS[3], ARGV[6], ARGV[2], state, 'appealed', rev, 'author', 'appealed')
return {'applied', rev, state}
