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
local FEW = 8 -- comments that are read one by one
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

-- When something seen now ends, in seconds since 1970; nothing as long as the end that was set is near enough: it is put off once that
-- moves it by a sixteenth of its life. It never ends later than its life after what was last seen.
local function ends(till, lives)
  local latest, set = math.floor((now + lives) / 1000), tonumber(till or 0)
  if set > latest or set < latest - lives / 16000 then return latest end
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
  local count, there, field, before = tonumber(r[11] or 0), r[14], name_fields(known)
  if before ~= field and r[15] then
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
    local with, r = string.sub(kind == 'i' and email or kind == 'n' and '' or given.name, -12)
    if place == 1 then -- on the box
      r = redis.call('HMGET', key, 'a', 'r', 'v', 'x', 'f', 'g', 'b', 'first', 'short', 'long', 'names', 'n', 'till', name_fields(with))
    else
      r = redis.call('HMGET', key, 'a', 'r', 'v', 'x', 'f', 'g', 'b', 'first', 'n', 'till')
      r[9], r[10], r[11], r[12], r[13] = false, false, false, r[9], r[10]
    end
    local lives = (kind == 'i' or kind == 'n') and given.address or given.standing
    local till, put = ends(r[13], lives), {'n', tonumber(r[12] or 0) + 1}
    if till then put[3], put[4] = 'till', till end
    if not r[8] then put[#put + 1], put[#put + 2] = 'first', given.now end
    if place == 1 then
      local new = fresh and not counted(subject)
      local short, long
      if kind ~= 'd' then short, r[9] = slide(r[9], MINUTES, new) end
      long, r[10] = slide(r[10], kind == 'd' and MONTH or DAY, new)
      put[#put + 1], put[#put + 2] = 'long', long
      if short then put[#put + 1], put[#put + 2] = 'short', short end
      r[11] = others(key, with, r, put)
    end
    if fresh then
      redis.call('HSET', key, unpack(put))
      if till then redis.call('PEXPIRE', key, lives) end
    end
    for at = 12, 15 do r[at] = nil end
    found[#found + 1] = r
  end
  if kind ~= 'd' then marked[#marked + 1] = subject end
end
local marks = #marked > 0 and redis.call('HMGET', people, unpack(marked)) or {}

local exact, repeats = K.exact .. given.text, 1
if not fresh then
  repeats = tonumber(redis.call('GET', prefix .. exact) or 1)
elseif not redis.call('SET', prefix .. exact, 1, 'PX', given.campaign, 'NX') then
  repeats = redis.call('INCR', prefix .. exact)
  redis.call('PEXPIRE', prefix .. exact, given.campaign)
end
if fresh and counted(exact) then repeats = repeats - 1 end

local function hashes(packed)
  local list = {struct.unpack('>' .. string.rep('I4', #packed / 4), packed)}
  list[#list] = nil -- where it stopped reading
  return list
end

-- How many hashes two sketches share, of how many each; of a full sketch one knows nothing beyond its largest hash. `own`: ours,
-- which rise, as a set.
local function compare(ours, own, theirs)
  local limit = math.min(#ours == SKETCH and ours[SKETCH] or 2 ^ 32, #theirs == SKETCH and theirs[SKETCH] or 2 ^ 32)
  local mine, common, both = #ours, 0, {}
  while mine > 0 and ours[mine] > limit do mine = mine - 1 end
  local others_count = 0
  for _, hash in ipairs(theirs) do
    if hash <= limit then others_count = others_count + 1 end
    if own[hash] then
      both[#both + 1] = hash
      if hash <= limit then common = common + 1 end
    end
  end
  return common, mine, others_count, both
end

-- `many`: campaigns of two and more have an index of their own, which the many comments that are alone can't overwrite. Behind their
-- name it says when that was noted, by sixteenths of a campaign's life: what is there need not be noted again within one.
local function point(list, campaign, many, held)
  local noted = many and campaign .. string.format(' %.0f', math.floor(now * 16 / given.campaign)) or campaign
  for i = 1, math.min(INDEXED, #list) do
    local name = prefix .. (many and K.many or K.near) .. string.format('%.0f', list[i])
    if held[name] ~= noted then redis.call('SET', name, noted, 'PX', given.campaign) end
  end
end

-- The campaign that is most alike: {id, size, sites, comments of this site, its only one, when that came, its end, what is shared},
-- if any is; and what the indexes hold.
local function nearest(ours)
  local best, similarity
  local own, looked, names, held = {}, {}, {}, {}
  for _, hash in ipairs(ours) do own[hash] = true end
  for i = 1, math.min(INDEXED, #ours) do
    local hash = string.format('%.0f', ours[i])
    names[2 * i - 1], names[2 * i] = prefix .. K.many .. hash, prefix .. K.near .. hash
  end
  for at, noted in ipairs(redis.call('MGET', unpack(names))) do
    local candidate = noted and string.match(noted, '^%S+')
    held[names[at]] = noted
    if candidate and not looked[candidate] then
      looked[candidate] = true
      local packed, size, sites, here, one, first, till, vouched, refused = unpack(redis.call('HMGET', prefix .. K.campaign .. candidate,
        'sketch', 'size', 'sites', 's:' .. name, 'one', 'first', 'till', 'v', 'x'))
      if packed then
        local common, mine, theirs, both = compare(ours, own, hashes(packed))
        local alike = common / math.max(1, mine + theirs - common)
        local fits = alike >= ALIKE
        if tonumber(size) > 1 then fits = common / math.max(1, theirs) >= COMMON and alike >= NEAR end
        if fits and alike > (similarity or 0) then
          similarity = alike
          best = {id = candidate, size = tonumber(size), sites = tonumber(sites), here = tonumber(here or 0), one = one, first = first,
            till = till, vouched = vouched, refused = refused, shared = both}
        end
      end
    end
  end
  return best, held
end

-- A new member of a campaign: whether it was none before. The only one of a campaign stands in its hash, `one`, and no list is kept.
local function enlist(campaign, members, me)
  if campaign.one == me then return false end
  if not campaign.one then return redis.call('ZADD', members, 'NX', given.now, me) == 1 end
  redis.call('ZADD', members, campaign.first, campaign.one, given.now, me)
  return true
end

local function found_campaign(ours, me, held)
  local id = string.sub(cid, 2, 13) .. (text_rev == '1' and '' or '-' .. text_rev)
  redis.call('HSET', prefix .. K.campaign .. id, 'sketch', given.sketch, 'size', 1, 'sites', 1, 's:' .. name, 1, 'first', given.now,
    'last', given.now, 'one', me, 'till', ends(0, given.campaign))
  redis.call('PEXPIRE', prefix .. K.campaign .. id, given.campaign)
  point(ours, id, false, held)
  return {id, 1, 1, false, false}
end

local function join(ours)
  local me, found, held = name .. ' ' .. cid, nearest(ours)
  if not found then return found_campaign(ours, me, held) end
  local id, key, members = found.id, prefix .. K.campaign .. found.id, prefix .. K.members .. found.id
  local joined, till, put = enlist(found, members, me), ends(found.till, given.campaign), {'last', given.now}
  if joined then
    if found.here < 1 then found.sites = found.sites + 1 end
    found.size = found.size + 1
    for _, value in ipairs({'s:' .. name, found.here + 1, 'sites', found.sites, 'size', found.size}) do put[#put + 1] = value end
    if found.size > 1 then redis.call('ZADD', prefix .. K.campaigns, given.now, id) end
    if found.size == 2 then
      redis.call('ZREMRANGEBYSCORE', prefix .. K.campaigns, '-inf', now - given.campaign)
      if #found.shared >= LEAST then
        put[#put + 1], put[#put + 2] = 'sketch', struct.pack('>' .. string.rep('I4', #found.shared), unpack(found.shared))
        point(found.shared, id, true, held)
      end
    end
    if found.one then
      redis.call('HDEL', key, 'one')
      redis.call('PEXPIRE', members, given.campaign)
    end
    if found.size > MOST_MEMBERS then redis.call('ZREMRANGEBYRANK', members, 0, -MOST_MEMBERS - 1) end
  end
  if till then
    put[#put + 1], put[#put + 2] = 'till', till
    redis.call('PEXPIRE', key, given.campaign)
    redis.call('PEXPIRE', members, given.campaign)
  end
  redis.call('HSET', key, unpack(put))
  point(ours, id, true, held)
  return {id, found.size, found.sites, found.vouched, found.refused}
end

local id, campaign
if given.sketch then
  if fresh then campaign = join(hashes(given.sketch)) end
  id = campaign and campaign[1] or not fresh and string.match(before, ' k:(%S+)$')
end

if fresh then
  local subjects = given.subjects .. ' ' .. given.ties .. ' ' .. exact .. (id and ' ' .. K.campaign .. id or '')
  redis.call('HSET', record, 'seen', text_rev, 'subjects', subjects, 'stood', '')
  for subject in string.gmatch(before or '', '%S+') do
    if subject ~= K.campaign .. (id or '') then leave(site, name, cid, subject) end
  end
  if state ~= 'pending' then
    stand(record, site, now, state, human == '1' and 'human' or 'machine')
    campaign = nil -- it counts this comment now
  end
end

-- The author's newest comments on the site but for this one: subjects and stood, in turn. Those of many by one call, unless the server
-- does not let our user have it, or is one of a cluster of before 7.4. Of few one by one: SORT makes a small index a large one for good.
local function others_of(author)
  local name, comment = site .. K.author .. author, prefix .. K.comment
  local others = redis.call('ZREVRANGE', name, 0, given.known)
  local found = #others > FEW and redis.pcall('SORT', name, 'BY', 'nosort', 'DESC', 'LIMIT', 0, given.known + 1,
    'GET', comment .. '*->subjects', 'GET', comment .. '*->stood')
  if not found or found.err then
    found = {}
    for at, other in ipairs(others) do
      if other ~= cid then found[2 * at - 1], found[2 * at] = unpack(redis.call('HMGET', comment .. other, 'subjects', 'stood')) end
    end
  end
  for at, other in ipairs(others) do
    if other == cid then found[2 * at - 1], found[2 * at] = false, false end
  end
  return found, others
end

-- The standing of an address is of those who share a network, a link, or the platform's word: anybody can type an address. Earlier
-- versions noted these without what marks a tie, and kept what a comment weighs apart.
local function tied_comments()
  local sums, number, first = {a = 0, r = 0, v = 0, x = 0, f = 0, g = 0, b = 0}, 0, ''
  if email == '' or given.ties == '' then return {0, 0, 0, 0, 0, '0', '0', 0, ''} end
  local ties, rows, others = {}, others_of(email)
  for tie in string.gmatch(given.ties, '%S+') do ties[#ties + 1] = string.sub(tie, 3) end
  local function tied(subjects)
    for _, tie in ipairs(ties) do
      if string.find(subjects, tie, 1, true) then return true end
    end
  end
  for at = 1, 2 * #others, 2 do
    if rows[at] and tied(rows[at]) then
      local stood, weight, created = stood_of(rows[at + 1])
      number = number + 1
      for letter in string.gmatch(stood, '[a-z]') do sums[letter] = sums[letter] + 1 end
      local weighed = WEIGHS[string.sub(stood, 1, 1)]
      if weighed and not weight then
        weight, created = unpack(redis.call('HMGET', prefix .. K.comment .. others[(at + 1) / 2], 'weight', 'created'))
      end
      if weighed then sums[weighed] = sums[weighed] + tonumber(weight or 0) end
      if weighed == 'g' then first = created end
    end
  end
  return {sums.a, sums.r, sums.v, sums.x, sums.f, string.format('%.17g', sums.g), string.format('%.17g', sums.b), number, first}
end

if id and not campaign then
  campaign = {id, unpack(redis.call('HMGET', prefix .. K.campaign .. id, 'size', 'sites', 'v', 'x'))}
end
return {found, marks, math.max(0, repeats - 1), campaign or {}, tied_comments()}
