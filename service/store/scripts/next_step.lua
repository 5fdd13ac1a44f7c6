-- Take the next step of a bulk decision. It is kept among those under way until settle_step.lua says what became of it.
--
-- KEYS  1 bulk decision  2 steps that are left  3 steps under way
-- ARGV  1 the state in which it must be  2 which end comes first: LEFT or RIGHT  3 how long it is kept (ms)
-- Reply the step, or nil when there is none, or when it is in another state
if redis.call('HGET', KEYS[1], 'state') ~= ARGV[1] then return false end
local step = redis.call('LMOVE', KEYS[2], KEYS[3], ARGV[2], 'RIGHT')
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return step
