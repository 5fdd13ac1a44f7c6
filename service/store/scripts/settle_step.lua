-- Note what became of a step of a bulk decision, once: whoever comes second changes nothing.
--
-- KEYS  1 bulk decision  2 steps under way  3 list that hears of it, or any when none does
-- ARGV  1 the step  2 what counts it: done, skipped, undone, or ""  3 line for the list, or ""  4 most lines of that list, or 0
--       5 how long it is kept (ms)
-- Reply settled, or known
if redis.call('LREM', KEYS[2], 1, ARGV[1]) == 0 then return 'known' end
if ARGV[2] ~= '' then redis.call('HINCRBY', KEYS[1], ARGV[2], 1) end
if ARGV[3] ~= '' then
  redis.call('RPUSH', KEYS[3], ARGV[3])
  if tonumber(ARGV[4]) > 0 then redis.call('LTRIM', KEYS[3], 0, ARGV[4] - 1) end
  redis.call('PEXPIRE', KEYS[3], ARGV[5])
end
return 'settled'
