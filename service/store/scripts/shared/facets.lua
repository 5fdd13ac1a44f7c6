-- Divides the queue by facets: which comments have a value, how many, and, of values that many have, their slots as bits.
--
-- Each comment in the queue has a number of its own, `slot`. A value that many of them have keeps one bit a slot beside its
-- set, `bits:…`, so that what values have in common is counted without looking at comments. Many are 500 and a 64th of the
-- slots: bits take less than a tenth of what the set takes. `site` is the site's prefix "…s:<site>:".
-- uses: free_slots slots bits comment facet
local MANY, SHARE = 500, 64

local function slot_of(record, site)
  local slot = redis.call('HGET', record, 'slot')
  if not slot then
    slot = redis.call('LPOP', site .. K.free_slots) or redis.call('INCR', site .. K.slots) - 1
    redis.call('HSET', record, 'slot', slot)
  end
  return slot
end

local function note_bit(site, name, cid, enters, count)
  if count + 1 < MANY / 2 then return end -- there are no bits, nor will there be
  local bits, slots = site .. K.bits .. name, tonumber(redis.call('GET', site .. K.slots) or 0)
  local record = root(site) .. K.comment
  if redis.call('EXISTS', bits) == 1 then
    if count < MANY / 2 or count * SHARE * 2 < slots then
      redis.call('DEL', bits)
    else
      redis.call('SETBIT', bits, slot_of(record .. cid, site), enters and 1 or 0)
    end
  elseif count >= MANY and count * SHARE >= slots then
    for _, member in ipairs(redis.call('SMEMBERS', site .. K.facet .. name)) do
      redis.call('SETBIT', bits, slot_of(record .. member, site), 1)
    end
  end
end

local function facet(site, cid, facets, enters)
  for line in string.gmatch(facets, '[^\n]+') do
    local name, value = string.match(line, '^([^:]+):(.+)$')
    if name and redis.call(enters and 'SADD' or 'SREM', site .. K.facet .. line, cid) == 1 then
      local count = tonumber(redis.call('ZINCRBY', site .. K.facet .. name, enters and 1 or -1, value))
      if count <= 0 then redis.call('ZREM', site .. K.facet .. name, value) end
      note_bit(site, line, cid, enters, count)
    end
  end
end
