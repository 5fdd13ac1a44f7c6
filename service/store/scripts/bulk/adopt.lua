-- Bring a bulk decision into the present form that was kept by version 0.1.0 of November 2026, or earlier: one list of its steps
-- instead of one for each of what became of them. Those lists live for a day; this can go when they are gone everywhere.
--
-- KEYS  1 bulk decision  2 its steps  3 those that were under way  4 decisions that it made  5 … that were being taken back
-- ARGV  one map: lives: how long it is kept (ms)
-- Reply adopted, or known when there is nothing to bring
local given = cmsgpack.unpack(ARGV[1])
if redis.call('EXISTS', KEYS[3], KEYS[4], KEYS[5]) == 0 then return 'known' end
local steps = {}
for _, key in ipairs({KEYS[4], KEYS[5]}) do
  for _, line in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local revision, rest = string.match(line, '^(%d+)( .+)$')
    steps[#steps + 1] = string.format('%d', revision - 1) .. rest -- the one that the decision was made on
  end
end
redis.call('HSET', KEYS[1], 'at', #steps)
for _, key in ipairs({KEYS[3], KEYS[2]}) do
  for _, line in ipairs(redis.call('LRANGE', key, 0, -1)) do steps[#steps + 1] = line end
end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
for _, line in ipairs(steps) do redis.call('RPUSH', KEYS[2], line) end
redis.call('PEXPIRE', KEYS[2], given.lives)
return 'adopted'
