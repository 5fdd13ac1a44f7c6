-- Moves counters of a hash: in two calls, however many there are; one of a record that is there, in one.
--
-- `changes`: field -> by how much. `only`: nothing happens unless the hash is there; it then has more fields than one.
local function move_counters(key, changes, only)
  local names, fields = {}, {}
  for name, by in pairs(changes) do
    if by ~= 0 then names[#names + 1] = name end
  end
  if #names == 0 then return end
  if only and #names == 1 then
    local by = changes[names[1]]
    if redis.call('HINCRBY', key, names[1], by) == by and redis.call('HLEN', key) == 1 then redis.call('DEL', key) end
    return
  end
  if only and redis.call('EXISTS', key) == 0 then return end
  for at, value in ipairs(redis.call('HMGET', key, unpack(names))) do
    fields[2 * at - 1] = names[at]
    fields[2 * at] = string.format('%.17g', tonumber(value or 0) + changes[names[at]])
  end
  redis.call('HSET', key, unpack(fields))
end
