-- Line up what is in the work stream and neither claimed nor in a list: an older version, which had no lists, left it.
--
-- KEYS  1 work  2 partition prefix "ac:{pN}:"
-- ARGV  one map: page: how many entries to read at a time
-- Reply how many entries those were
-- uses: site
-- include: work
local given = cmsgpack.unpack(ARGV[1])
local work, prefix = KEYS[1], KEYS[2]
local length = redis.call('XLEN', work)
local pending = redis.call('XPENDING', work, 'classify')[1]
if length == pending then return 0 end

local lists, listed = {}, 0
for _, lane in pairs(LANES) do
  for _, name in ipairs(redis.call('LRANGE', prefix .. lane.ring, 0, -1)) do
    local list = prefix .. K.site .. name .. ':' .. lane.list
    lists[#lists + 1] = list
    listed = listed + redis.call('LLEN', list)
  end
end
if length <= pending + listed then return 0 end

local known, adopted, after = {}, 0, '-'
for _, row in ipairs(redis.call('XPENDING', work, 'classify', '-', '+', pending + 1)) do known[row[1]] = true end
for _, list in ipairs(lists) do
  for _, entry in ipairs(redis.call('LRANGE', list, 0, -1)) do known[entry] = true end
end
repeat
  local rows = redis.call('XRANGE', work, after, '+', 'COUNT', given.page)
  for _, row in ipairs(rows) do
    local fields = {}
    for at = 1, #row[2], 2 do fields[row[2][at]] = row[2][at + 1] end
    if not known[row[1]] then
      line_up(prefix .. K.site .. fields.s .. ':', fields.s, row[1], fields.w ~= '')
      adopted = adopted + 1
    end
    after = '(' .. row[1]
  end
until #rows < given.page
return adopted
