-- Moves counters of a hash: in two calls, however many there are; a single one, in one.
--
-- `changes`: field -> by how much. `only`: nothing happens unless the hash is there; it then has more fields than one, among them
-- `n` or `size` (shared/reputation.lua).
local function move_counters(key, changes, only)
  local names, fields = {}, {}
  for name, by in pairs(changes) do
    if by ~= 0 then names[#names + 1] = name end
  end
  if #names == 0 then return end
  local by = changes[names[1]]
  if #names == 1 and by % 1 == 0 then
    local now = redis.call('HINCRBY', key, names[1], by)
    if only and now == by and redis.call('HLEN', key) == 1 then redis.call('DEL', key) end
    return
  end
  local values = redis.call('HMGET', key, 'n', 'size', unpack(names))
  if only and not values[1] and not values[2] then return end
  for at, name in ipairs(names) do
    fields[2 * at - 1] = name
    fields[2 * at] = string.format('%.17g', tonumber(values[at + 2] or 0) + changes[name])
  end
  redis.call('HSET', key, unpack(fields))
end
