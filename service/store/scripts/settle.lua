-- Note how a try of a call-back ended, and when the comment's next one is due. Running it twice changes nothing more.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the comment's call-backs  4 delivery record
-- ARGV  1 now  2 delivery id  3 comment id  4 site  5 end of the lease that the caller holds
--       6 delivered | retry | dead | back (handed back untried)  7 when to try again (retry)
--       8 pause the site's receiver until (0: don't)  9 why  10 most log entries  11 status, or 0  12 error, or ""
--       13 milliseconds taken  14 lifetime of a delivered record, ms  15 lifetime of a dead record, ms
-- Reply the word, or
--       late  the lease had run out and another deliverer has the comment now: it settles; nothing was changed
--       gone  the call-back is no longer the comment's first: it was erased, or another one was put before it
-- include: due
local prefix, cid, id, word = KEYS[2], ARGV[3], ARGV[2], ARGV[6]
local due, leased, endpoint = prefix .. 'due', prefix .. 'leased', prefix .. 'endpoint'

-- What the receiver asks for counts, whoever heard it; a short pause does not end a longer one.
if tonumber(ARGV[8]) > tonumber(redis.call('HGET', endpoint, 'paused_until') or 0) then
  redis.call('HSET', endpoint, 'paused_until', ARGV[8], 'why', ARGV[9])
end

local again
if tonumber(redis.call('ZSCORE', leased, cid) or 0) ~= tonumber(ARGV[5]) then
  word = 'late'
else
  redis.call('ZREM', leased, cid)
  again = ARGV[1]
  if redis.call('LINDEX', KEYS[3], 0) ~= id then
    word = 'gone'
  elseif word ~= 'back' then
    local tries = redis.call('HINCRBY', KEYS[4], 'tries', 1)
    if word == 'retry' then
      again = ARGV[7]
    else
      redis.call('LPOP', KEYS[3])
      redis.call('HSET', KEYS[4], 'ended', word, 'ended_at', ARGV[1])
      local lifetime = ARGV[14]
      if word == 'dead' then
        lifetime = ARGV[15]
        redis.call('ZREMRANGEBYSCORE', prefix .. 'undelivered', '-inf', ARGV[1] - lifetime)
        redis.call('ZADD', prefix .. 'undelivered', ARGV[1], id)
      end
      redis.call('PEXPIRE', KEYS[4], lifetime)
    end
    if tonumber(ARGV[10]) > 0 then
      redis.call('XADD', prefix .. 'log', 'MAXLEN', '~', ARGV[10], '*', 'id', id, 'comment', cid,
        'type', redis.call('HGET', KEYS[4], 'type'), 'result', word, 'try', tries, 'status', ARGV[11], 'error', ARGV[12],
        'ms', ARGV[13], 'at', ARGV[1])
    end
  end
  if redis.call('LLEN', KEYS[3]) > 0 then redis.call('ZADD', due, again, cid) else redis.call('ZREM', due, cid) end
end

site_due(KEYS[1], prefix, ARGV[4])
return word
