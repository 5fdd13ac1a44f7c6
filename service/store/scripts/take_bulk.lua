-- Take over a bulk decision whose lease has ended: whoever was at it is gone.
--
-- KEYS  1 bulk decisions that have work left -> end of the lease
-- ARGV  1 bulk decision  2 now  3 end of the new lease
-- Reply taken, held, or done when no work is left
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends then return 'done' end
if tonumber(ends) > tonumber(ARGV[2]) then return 'held' end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 'taken'
