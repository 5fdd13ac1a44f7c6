-- Note how a try of a call-back ended, and when the comment's next one is due. Running it twice changes nothing more.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the comment's call-backs  4 delivery record
-- ARGV  one map: now; delivery: delivery id; comment: comment id; site;
--       lease: end of the lease that the caller holds; result: delivered | retry | dead | back (handed back untried);
--       retry_at: when to try again (retry); pause_until: pause the site's receiver until (0: don't); why;
--       log: most log entries; status, or 0; error, or ""; took_ms: milliseconds taken;
--       delivered_ttl: lifetime of a delivered record, ms; dead_ttl: lifetime of a dead record, ms
-- Reply the word, or
--       late  the lease had run out and another deliverer has the comment now: it settles; nothing was changed
--       gone  the call-back is no longer the comment's first: it was erased, or another one was put before it
-- uses: due leased endpoint undelivered log
-- include: due
local given = cmsgpack.unpack(ARGV[1])
local prefix, cid, id, word = KEYS[2], given.comment, given.delivery, given.result
local due, leased, endpoint = prefix .. K.due, prefix .. K.leased, prefix .. K.endpoint

-- What the receiver asks for counts, whoever heard it; a short pause does not end a longer one.
if given.pause_until > tonumber(redis.call('HGET', endpoint, 'paused_until') or 0) then
  redis.call('HSET', endpoint, 'paused_until', given.pause_until, 'why', given.why, 'paused_at', given.now)
end

local again
if tonumber(redis.call('ZSCORE', leased, cid) or 0) ~= given.lease then
  word = 'late'
else
  redis.call('ZREM', leased, cid)
  again = given.now
  if redis.call('LINDEX', KEYS[3], 0) ~= id then
    word = 'gone'
  elseif word ~= 'back' then
    local tries = redis.call('HINCRBY', KEYS[4], 'tries', 1)
    if word == 'delivered' then
      redis.call('HDEL', endpoint, 'failing_since')
    else
      redis.call('HSETNX', endpoint, 'failing_since', given.now)
    end
    if word == 'retry' then
      again = given.retry_at
      redis.call('HSET', KEYS[4], 'noted', given.now)
    else
      redis.call('LPOP', KEYS[3])
      redis.call('HSET', KEYS[4], 'ended', word, 'ended_at', given.now)
      local lifetime = given.delivered_ttl
      if word == 'dead' then
        lifetime = given.dead_ttl
        redis.call('ZREMRANGEBYSCORE', prefix .. K.undelivered, '-inf', given.now - lifetime)
        redis.call('ZADD', prefix .. K.undelivered, given.now, id)
      end
      redis.call('PEXPIRE', KEYS[4], lifetime)
    end
    if given.log > 0 then
      redis.call('XADD', prefix .. K.log, 'MAXLEN', '~', given.log, '*', 'id', id, 'comment', cid,
        'type', redis.call('HGET', KEYS[4], 'type'), 'result', word, 'try', tries, 'status', given.status, 'error', given.error,
        'ms', given.took_ms, 'at', given.now)
    end
  end
  if redis.call('LLEN', KEYS[3]) > 0 then redis.call('ZADD', due, again, cid) else redis.call('ZREM', due, cid) end
end

site_due(KEYS[1], prefix, given.site)
return word
