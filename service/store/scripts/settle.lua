-- Note how a try of a call-back ended, and when the comment's next one is due.
--
-- KEYS  1 due (sites)  2 site prefix "…s:<site>:"  3 the comment's call-backs  4 delivery record
-- ARGV  1 now  2 delivery id  3 comment id  4 site  5 delivered | retry | dead  6 when to try again (retry)
--       7 pause the site's receiver until (0: don't)  8 why it is disabled, or ""  9 most log entries  10 status, or 0
--       11 error, or ""  12 milliseconds taken  13 lifetime of the settled record, ms
-- Reply the word, or "gone" when the call-back is no longer the comment's first (it was erased or answered elsewhere)
local prefix, cid = KEYS[2], ARGV[3]
local due = prefix .. 'due'
local word = ARGV[5]
if redis.call('LINDEX', KEYS[3], 0) ~= ARGV[2] then
  word = 'gone'
else
  local tries = redis.call('HINCRBY', KEYS[4], 'tries', 1)
  if word == 'retry' then
    redis.call('ZADD', due, ARGV[6], cid)
  else
    redis.call('LPOP', KEYS[3])
    redis.call('HSET', KEYS[4], 'ended', word, 'ended_at', ARGV[1])
    if word == 'dead' then redis.call('ZADD', prefix .. 'undelivered', ARGV[1], ARGV[2])
    else redis.call('PEXPIRE', KEYS[4], ARGV[13]) end
    if redis.call('LLEN', KEYS[3]) > 0 then redis.call('ZADD', due, ARGV[1], cid) else redis.call('ZREM', due, cid) end
  end
  if tonumber(ARGV[9]) > 0 then
    redis.call('XADD', prefix .. 'log', 'MAXLEN', '~', ARGV[9], '*', 'id', ARGV[2], 'comment', cid,
      'type', redis.call('HGET', KEYS[4], 'type'), 'result', word, 'try', tries, 'status', ARGV[10], 'error', ARGV[11],
      'ms', ARGV[12], 'at', ARGV[1])
  end
end
if tonumber(ARGV[7]) > 0 then
  redis.call('HSET', prefix .. 'endpoint', 'paused_until', ARGV[7], 'why', ARGV[8])
end
local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
if first then
  local pause = redis.call('HGET', prefix .. 'endpoint', 'paused_until')
  redis.call('ZADD', KEYS[1], math.max(tonumber(first), tonumber(pause or 0)), ARGV[4])
else
  redis.call('ZREM', KEYS[1], ARGV[4])
end
return word
