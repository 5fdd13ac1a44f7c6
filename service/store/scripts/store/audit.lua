-- Add a line to the operators' log, also on a server at its maxmemory: what makes room must not fail for being logged.
--
-- KEYS  1 the log
-- ARGV  one map: most: how many lines are kept; what, subject, actor, site, note, at
-- Reply done
local given = cmsgpack.unpack(ARGV[1])
redis.call('XDEL', KEYS[1], '0-1') -- there is none; a script that has begun to write may go on
redis.call('XADD', KEYS[1], 'MAXLEN', '~', given.most, '*', 'what', given.what, 'subject', given.subject, 'actor', given.actor,
  'site', given.site, 'note', given.note, 'at', given.at)
return 'done'
