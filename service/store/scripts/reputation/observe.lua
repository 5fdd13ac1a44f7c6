-- Look at what is known around a comment, and note that it was seen: once for each text, however often it is judged.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"
-- ARGV  one map: now; comment: comment id; site; text_revision: the text's revision; text: digest of the exact text;
--       sketch: its sketch (core/text/similarity.py), if it has one; name: keyed digest of the author's name, or "";
--       name_before: the one without a key that earlier versions noted, or "";
--       subjects, with spaces between, in the order e i n d…;
--       earlier: the e-mail's digests under retired keys and in circles before, likewise;
--       moved: such digests of IP address and network, each before the present one, likewise;
--       ties: what shows that an address is its author's (core/signals/subjects.py), likewise; known: how many of the author's
--       comments are looked at for them;
--       campaign: how long a campaign lives (ms) after its last comment;
--       standing: what is known of authors and domains; address: of IP addresses and networks; alike; common;
--       near, as Alikeness has them (core/text/similarity.py)
-- Reply {records, marks, repeats, campaign, tied}, or {} when the comment has changed or gone since
--       records   of each subject, on the box and (e, d) on the site: {a r v x f g b first short long others}
--       marks     of e, i, n on this site, raw (MessagePack) or nil
--       campaign  {id, size, sites, v, x}; {} when the text is too short for one
--       tied      the author's other comments on the site that share a tie with this one: {a r v x f g b number first}, first:
--                 when the first one came that stands approved
-- uses: author comment exact people subject many near campaign members campaigns
-- include: reputation
local given = cmsgpack.unpack(ARGV[1])
local record, site, now, cid, name = KEYS[1], KEYS[2], given.now, given.comment, given.site
local prefix = root(site)
local MINUTES, DAY, MONTH = 600000, 86400000, 2592000000
local MOST_NAMES, MOST_MEMBERS = 16, 2000
local SKETCH, LEAST, INDEXED = 64, 8, 8
local ALIKE, COMMON, NEAR = given.alike, given.common, given.near

local state, text_rev, human, seen, before = unpack(
  redis.call('HMGET', record, 'state', 'text_rev', 'human', 'seen', 'subjects'))
if tonumber(text_rev) ~= given.text_revision or state == 'erased' then return {} end
local fresh = seen ~= text_rev
if fresh and before then stand(record, site, now, '', 'machine') end

-- Whether the comment counted there with an earlier text: its own edits are no other comments.
local function counted(subject) return before and string.find(' ' .. before .. ' ', ' ' .. subject .. ' ', 1, true) end

-- A window that slides: what came in this bucket, and of the one before it the share that is still inside.
local function slide(packed, size, new)
  local bucket = math.floor(now / size)
  local at, count, last = string.match(packed or '', '^(%d+):(%d+):(%d+)$')
  at, count, last = tonumber(at or bucket), tonumber(count or 0), tonumber(last or 0)
  if bucket > at then
    last, count, at = bucket == at + 1 and count or 0, 0, bucket
  end
  if new and bucket == at then count = count + 1 end
  return string.format('%.0f:%.0f:%.0f', at, count, last), count + math.floor(last * (1 - now % size / size))
end

-- The fields of a record that say whether `known` was there before, also under the digest of earlier versions.
local function name_fields(known)
  local field = '~' .. known
  if known == given.name and given.name_before ~= '' then return field, '~' .. string.sub(given.name_before, -12) end
  return field, field
end

-- How many others were there; what is to be written goes into `put`.
local function others(key, known, r, put)
  if known == '' then return 0 end
  local count, there, field, before = tonumber(r[11] or 0), r[13], name_fields(known)
  if before ~= field and r[14] then
    redis.call('HDEL', key, before)
    redis.call('HSET', key, field, '')
    there = true
  end
  if not there and fresh and count < MOST_NAMES then
    for _, value in ipairs({field, '', 'names', count + 1}) do put[#put + 1] = value end
    return count
  end
  return there and count - 1 or count
end

-- What was made on this site under a digest of before goes on under the present one, here and in the circle, and leaves the circle
-- of before: what others made of it is theirs, and stays there.
local function take_off(circle, part)
  if redis.call('EXISTS', circle) == 0 then return end
  for _, field in ipairs({'a', 'v', 'r', 'x', 'f'}) do
    redis.call('HINCRBY', circle, field, -(redis.call('HGET', part, field) or 0))
  end
  for _, field in ipairs({'g', 'b'}) do
    redis.call('HINCRBYFLOAT', circle, field, string.format('%.17g', -tonumber(redis.call('HGET', part, field) or 0)))
  end
  if redis.call('HINCRBY', circle, 'n', -(redis.call('HGET', part, 'n') or 0)) <= 0 then redis.call('DEL', circle) end
end

local function add_up(old, new)
  for _, field in ipairs({'a', 'v', 'r', 'x', 'f', 'n'}) do
    redis.call('HINCRBY', new, field, redis.call('HGET', old, field) or 0)
  end
  for _, field in ipairs({'g', 'b'}) do redis.call('HINCRBYFLOAT', new, field, redis.call('HGET', old, field) or 0) end
  local first, since = tonumber(redis.call('HGET', old, 'first') or now), tonumber(redis.call('HGET', new, 'first') or now)
  redis.call('HSET', new, 'first', string.format('%.0f', math.min(first, since)))
  redis.call('PEXPIRE', new, given.standing)
end

local email = string.match(given.subjects, '^e%S+') or ''
local people = site .. K.people

-- A mark goes on, and with it the networks that an address was trusted with. Digests of one length are as long in MessagePack.
local function carry_mark(earlier, present)
  local mark = redis.call('HGET', people, earlier)
  if not mark then return end
  for old, new in string.gmatch(given.moved, '(%S+) (%S+)') do
    if #old == #new then mark = string.gsub(mark, string.gsub(old, '%.', '%%.'), new) end
  end
  redis.call('HSETNX', people, present, mark)
  redis.call('HDEL', people, earlier)
end

for earlier in string.gmatch(given.earlier, '%S+') do
  local there = site .. K.subject .. earlier
  if redis.call('EXISTS', there) == 1 then
    take_off(prefix .. K.subject .. earlier, there)
    add_up(there, prefix .. K.subject .. email)
    add_up(there, site .. K.subject .. email)
    redis.call('DEL', there)
  end
  carry_mark(earlier, email)
end
for earlier, present in string.gmatch(given.moved, '(%S+) (%S+)') do carry_mark(earlier, present) end

local found, marked = {}, {}
for subject in string.gmatch(given.subjects, '%S+') do
  local kind = string.sub(subject, 1, 1)
  for place, key in ipairs(records(site, subject)) do
    local with = string.sub(kind == 'i' and email or kind == 'n' and '' or given.name, -12)
    local r = redis.call('HMGET', key, 'a', 'r', 'v', 'x', 'f', 'g', 'b', 'first', 'short', 'long', 'names', 'n', name_fields(with))
    local put = {'n', tonumber(r[12] or 0) + 1, 'first', r[8] or given.now}
    if place == 1 then -- on the box
      local new = fresh and not counted(subject)
      local short, long
      if kind ~= 'd' then short, r[9] = slide(r[9], MINUTES, new) end
      long, r[10] = slide(r[10], kind == 'd' and MONTH or DAY, new)
      put[5], put[6] = 'long', long
      if short then put[7], put[8] = 'short', short end
      r[11] = others(key, with, r, put)
    end
    if fresh then
      redis.call('HSET', key, unpack(put))
      redis.call('PEXPIRE', key, (kind == 'i' or kind == 'n') and given.address or given.standing)
    end
    r[12], r[13], r[14] = nil, nil, nil
    found[#found + 1] = r
  end
  if kind ~= 'd' then marked[#marked + 1] = subject end
end
local marks = #marked > 0 and redis.call('HMGET', people, unpack(marked)) or {}

local exact = K.exact .. given.text
local repeats = fresh and redis.call('INCR', prefix .. exact) or tonumber(redis.call('GET', prefix .. exact) or 1)
if fresh then redis.call('PEXPIRE', prefix .. exact, given.campaign) end
if fresh and counted(exact) then repeats = repeats - 1 end

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
    redis.call('SET', prefix .. (many and 'many:' or 'near:') .. string.format('%.0f', list[i]), campaign, 'PX', given.campaign)
  end
end

local function nearest(ours)
  local best, similarity, shared, size
  local looked, names = {}, {}
  for i = 1, math.min(INDEXED, #ours) do
    local hash = string.format('%.0f', ours[i])
    names[2 * i - 1], names[2 * i] = prefix .. K.many .. hash, prefix .. K.near .. hash
  end
  for _, candidate in ipairs(redis.call('MGET', unpack(names))) do
    if candidate and not looked[candidate] then
      looked[candidate] = true
      local packed, members = unpack(redis.call('HMGET', prefix .. K.campaign .. candidate, 'sketch', 'size'))
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
  local id = campaign or string.sub(cid, 2, 13) .. (text_rev == '1' and '' or '-' .. text_rev)
  local key, members = prefix .. K.campaign .. id, prefix .. K.members .. id
  local joined = redis.call('ZADD', members, 'NX', given.now, name .. ' ' .. cid) == 1
  if not campaign then
    redis.call('HSET', key, 'sketch', given.sketch, 'size', 1, 'sites', 1, 's:' .. name, 1, 'first', given.now, 'last', given.now)
  else
    if joined then
      if redis.call('HINCRBY', key, 's:' .. name, 1) == 1 then redis.call('HINCRBY', key, 'sites', 1) end
      if redis.call('HINCRBY', key, 'size', 1) > 1 then redis.call('ZADD', prefix .. K.campaigns, given.now, id) end
      if size == 1 and #shared >= LEAST then
        redis.call('HSET', key, 'sketch', struct.pack('>' .. string.rep('I4', #shared), unpack(shared)))
        point(shared, id, true)
      end
      redis.call('ZREMRANGEBYRANK', members, 0, -MOST_MEMBERS - 1)
    end
    redis.call('HSET', key, 'last', given.now)
    redis.call('ZREMRANGEBYSCORE', prefix .. K.campaigns, '-inf', now - given.campaign)
  end
  redis.call('PEXPIRE', key, given.campaign)
  redis.call('PEXPIRE', members, given.campaign)
  point(ours, id, campaign ~= nil)
  return id
end

local id
if given.sketch then
  if fresh then id = join(hashes(given.sketch)) else id = string.match(before, ' k:(%S+)$') end
end

if fresh then
  local subjects = given.subjects .. ' ' .. given.ties .. ' ' .. exact .. (id and ' ' .. K.campaign .. id or '')
  redis.call('HSET', record, 'seen', text_rev, 'subjects', subjects, 'stood', '')
  for subject in string.gmatch(before or '', '%S+') do
    if subject ~= K.campaign .. (id or '') then leave(site, name, cid, subject) end
  end
  if state ~= 'pending' then stand(record, site, now, state, human == '1' and 'human' or 'machine') end
end

-- The standing of an address is of those who share a network, a link, or the platform's word: anybody can type an address.
local function tied_comments()
  local sums, number, first = {a = 0, r = 0, v = 0, x = 0, f = 0, g = 0, b = 0}, 0, ''
  if email == '' or given.ties == '' then return {0, 0, 0, 0, 0, '0', '0', 0, ''} end
  for _, other in ipairs(redis.call('ZREVRANGE', site .. K.author .. email, 0, given.known)) do
    local there, stood, weight, created = unpack(
      redis.call('HMGET', root(site) .. K.comment .. other, 'subjects', 'stood', 'weight', 'created'))
    local shared = false
    for tie in string.gmatch(other ~= cid and there and given.ties or '', '%S+') do
      local plain = ' ' .. there .. ' '
      shared = shared or string.find(plain, ' ' .. tie .. ' ', 1, true) or string.find(plain, ' ' .. string.sub(tie, 3) .. ' ', 1, true)
    end
    if shared then
      number = number + 1
      for letter in string.gmatch(stood or '', '[a-z]') do sums[letter] = sums[letter] + 1 end
      local weighed = WEIGHS[string.sub(stood or '', 1, 1)]
      if weighed then sums[weighed] = sums[weighed] + tonumber(weight or 0) end
      if weighed == 'g' then first = created end
    end
  end
  return {sums.a, sums.r, sums.v, sums.x, sums.f, string.format('%.17g', sums.g), string.format('%.17g', sums.b), number, first}
end

local campaign = {}
if id then
  local size, sites, vouched, refused = unpack(redis.call('HMGET', prefix .. K.campaign .. id, 'size', 'sites', 'v', 'x'))
  campaign = {id, size, sites, vouched, refused}
end
return {found, marks, math.max(0, repeats - 1), campaign, tied_comments()}
