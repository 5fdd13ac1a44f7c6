-- Look at what is known around a comment, and note that it was seen: once for each text, however often it is judged.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"
-- ARGV  1 now  2 comment id  3 site  4 the text's revision  5 digest of the exact text  6 its sketch (core/campaigns.py), or ""
--       7 digest of the author's name, or ""  8 subjects, with spaces between, in the order e i n d…  9 the e-mail's digests
--       under retired keys, likewise  10 how long a campaign lives (ms) after its last comment  11 … what is known of authors
--       and domains  12 … of IP addresses and networks  13 alike  14 common  15 near, as Alikeness has them (core/campaigns.py)
-- Reply {records, marks, repeats, campaign}, or {} when the comment has changed or gone since
--       records   of each subject, on the box and (e, d) on the site: {a r v x f g b first short long others}
--       marks     of e, i, n on this site, raw (MessagePack) or nil
--       campaign  {id, size, sites, v, x}; {} when the text is too short for one
-- include: standing
local record, site, now, cid, name = KEYS[1], KEYS[2], tonumber(ARGV[1]), ARGV[2], ARGV[3]
local prefix = box(site)
local MINUTES, DAY, MONTH = 600000, 86400000, 2592000000
local MOST_NAMES, MOST_MEMBERS = 16, 2000
local SKETCH, LEAST, INDEXED = 64, 8, 8
local ALIKE, COMMON, NEAR = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])

local state, text_rev, human, seen, before = unpack(
  redis.call('HMGET', record, 'state', 'text_rev', 'human', 'seen', 'subjects'))
if text_rev ~= ARGV[4] or state == 'erased' then return {} end
local fresh = seen ~= text_rev
if fresh and before then stand(record, site, now, '', 'machine') end

-- A window that slides: what came in this bucket, and of the one before it the share that is still inside.
local function slide(packed, size)
  local bucket = math.floor(now / size)
  local at, count, last = string.match(packed or '', '^(%d+):(%d+):(%d+)$')
  at, count, last = tonumber(at or bucket), tonumber(count or 0), tonumber(last or 0)
  if bucket > at then
    last, count, at = bucket == at + 1 and count or 0, 0, bucket
  end
  if fresh and bucket == at then count = count + 1 end
  return string.format('%.0f:%.0f:%.0f', at, count, last), count + math.floor(last * (1 - now % size / size))
end

local function others(key, known, count)
  if known == '' then return 0 end
  count = tonumber(count or 0)
  local there = redis.call('HEXISTS', key, '~' .. known) == 1
  if not there and fresh and count < MOST_NAMES then
    redis.call('HSET', key, '~' .. known, '', 'names', count + 1)
    return count
  end
  return there and count - 1 or count
end

-- Records under a retired key's digest go on under the present one.
local function carry_over(old, new)
  if redis.call('EXISTS', old) == 0 then return end
  if redis.call('EXISTS', new) == 0 then return redis.call('RENAME', old, new) end
  for _, field in ipairs({'a', 'v', 'r', 'x', 'f', 'n'}) do
    redis.call('HINCRBY', new, field, redis.call('HGET', old, field) or 0)
  end
  for _, field in ipairs({'g', 'b'}) do redis.call('HINCRBYFLOAT', new, field, redis.call('HGET', old, field) or 0) end
  redis.call('HSET', new, 'first', redis.call('HGET', old, 'first') or ARGV[1])
  redis.call('DEL', old)
end

local email = string.match(ARGV[8], '^e%S+')
local people = site .. 'people'
for earlier in string.gmatch(ARGV[9], '%S+') do
  carry_over(prefix .. 'w:' .. earlier, prefix .. 'w:' .. email)
  carry_over(site .. 'w:' .. earlier, site .. 'w:' .. email)
  local mark = redis.call('HGET', people, earlier)
  if mark then
    redis.call('HSETNX', people, email, mark)
    redis.call('HDEL', people, earlier)
  end
end

local found, marks = {}, {}
for subject in string.gmatch(ARGV[8], '%S+') do
  local kind = string.sub(subject, 1, 1)
  for place, key in ipairs(records(site, subject)) do
    local r = redis.call('HMGET', key, 'a', 'r', 'v', 'x', 'f', 'g', 'b', 'first', 'short', 'long', 'names')
    local on_box = place == 1
    if on_box then
      local short, long, with = false, false, kind == 'i' and (email or '') or kind == 'n' and '' or ARGV[7]
      if kind ~= 'd' then short, r[9] = slide(r[9], MINUTES) end
      long, r[10] = slide(r[10], kind == 'd' and MONTH or DAY)
      if fresh then redis.call('HSET', key, 'long', long) end
      if fresh and short then redis.call('HSET', key, 'short', short) end
      r[11] = others(key, string.sub(with, -12), r[11])
    end
    if fresh then
      redis.call('HINCRBY', key, 'n', 1)
      if not r[8] then redis.call('HSET', key, 'first', ARGV[1]) end
      redis.call('PEXPIRE', key, (kind == 'i' or kind == 'n') and ARGV[12] or ARGV[11])
    end
    found[#found + 1] = r
  end
  if kind ~= 'd' then marks[#marks + 1] = redis.call('HGET', people, subject) end
end

local exact = 'x:' .. ARGV[5]
local repeats = fresh and redis.call('INCR', prefix .. exact) or tonumber(redis.call('GET', prefix .. exact) or 1)
if fresh then redis.call('PEXPIRE', prefix .. exact, ARGV[10]) end

local function hashes(packed)
  local list = {struct.unpack('>' .. string.rep('I4', #packed / 4), packed)}
  list[#list] = nil -- where it stopped reading
  return list
end

-- How many hashes two sketches share, of how many each; of a full sketch one knows nothing beyond its largest hash.
local function compare(ours, theirs)
  local limit = math.min(#ours == SKETCH and ours[SKETCH] or 2 ^ 32, #theirs == SKETCH and theirs[SKETCH] or 2 ^ 32)
  local here, mine, common, both = {}, 0, 0, {}
  for _, hash in ipairs(ours) do
    here[hash] = true
    if hash <= limit then mine = mine + 1 end
  end
  local others_count = 0
  for _, hash in ipairs(theirs) do
    if hash <= limit then others_count = others_count + 1 end
    if here[hash] then
      both[#both + 1] = hash
      if hash <= limit then common = common + 1 end
    end
  end
  return common, mine, others_count, both
end

-- `many`: campaigns of two and more have an index of their own, which the many comments that are alone can't overwrite.
local function point(list, campaign, many)
  for i = 1, math.min(INDEXED, #list) do
    redis.call('SET', prefix .. (many and 'many:' or 'near:') .. string.format('%.0f', list[i]), campaign, 'PX', ARGV[10])
  end
end

local function nearest(ours)
  local best, similarity, shared, size
  local looked, names = {}, {}
  for i = 1, math.min(INDEXED, #ours) do
    local hash = string.format('%.0f', ours[i])
    names[2 * i - 1], names[2 * i] = prefix .. 'many:' .. hash, prefix .. 'near:' .. hash
  end
  for _, candidate in ipairs(redis.call('MGET', unpack(names))) do
    if candidate and not looked[candidate] then
      looked[candidate] = true
      local packed, members = unpack(redis.call('HMGET', prefix .. 'k:' .. candidate, 'sketch', 'size'))
      if packed then
        local common, mine, theirs, both = compare(ours, hashes(packed))
        local alike = common / math.max(1, mine + theirs - common)
        local fits = alike >= ALIKE
        if tonumber(members) > 1 then fits = common / math.max(1, theirs) >= COMMON and alike >= NEAR end
        if fits and alike > (similarity or 0) then best, similarity, shared, size = candidate, alike, both, tonumber(members) end
      end
    end
  end
  return best, shared, size
end

local function join(ours)
  local campaign, shared, size = nearest(ours)
  local id = campaign
  if not id then
    id = string.sub(cid, 2, 13) .. (text_rev == '1' and '' or '-' .. text_rev)
    redis.call('HSET', prefix .. 'k:' .. id, 'sketch', ARGV[6], 'size', 0, 'sites', 0, 'first', ARGV[1])
  end
  local key, members = prefix .. 'k:' .. id, prefix .. 'km:' .. id
  if redis.call('ZADD', members, 'NX', ARGV[1], name .. ' ' .. cid) == 1 then
    if redis.call('HINCRBY', key, 's:' .. name, 1) == 1 then redis.call('HINCRBY', key, 'sites', 1) end
    if redis.call('HINCRBY', key, 'size', 1) > 1 then redis.call('ZADD', prefix .. 'campaigns', ARGV[1], id) end
    if size == 1 and #shared >= LEAST then
      redis.call('HSET', key, 'sketch', struct.pack('>' .. string.rep('I4', #shared), unpack(shared)))
      point(shared, id, true)
    end
  end
  redis.call('ZREMRANGEBYRANK', members, 0, -MOST_MEMBERS - 1)
  redis.call('HSET', key, 'last', ARGV[1])
  redis.call('PEXPIRE', key, ARGV[10])
  redis.call('PEXPIRE', members, ARGV[10])
  redis.call('ZREMRANGEBYSCORE', prefix .. 'campaigns', '-inf', now - ARGV[10])
  point(ours, id, campaign ~= nil)
  return id
end

local id
if ARGV[6] ~= '' then
  if fresh then id = join(hashes(ARGV[6])) else id = string.match(before, ' k:(%S+)$') end
end

if fresh then
  local subjects = ARGV[8] .. ' ' .. exact .. (id and ' k:' .. id or '')
  redis.call('HSET', record, 'seen', text_rev, 'subjects', subjects, 'stood', '')
  for subject in string.gmatch(before or '', '%S+') do
    if subject ~= 'k:' .. (id or '') then leave(site, name, cid, subject) end
  end
  if state ~= 'pending' then stand(record, site, now, state, human == '1' and 'human' or 'machine') end
end

local campaign = {}
if id then
  local size, sites, vouched, refused = unpack(redis.call('HMGET', prefix .. 'k:' .. id, 'size', 'sites', 'v', 'x'))
  campaign = {id, size, sites, vouched, refused}
end
return {found, marks, math.max(0, repeats - 1), campaign}
