-- Let what is known of a comment's people on its site go on under digests of the site's circle; done twice, it changes nothing.
-- Earlier versions knew people on all sites by the same digests: what others made of them stays theirs.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"
-- ARGV  one map: pairs: a digest and the one that takes its place, and so on, each as long as the other
-- Reply applied
-- uses: author subject comment
-- include: reputation
local given = cmsgpack.unpack(ARGV[1])
local record, site = KEYS[1], KEYS[2]
local prefix = root(site)

local function move_index(old, new)
  local from, to = site .. K.author .. old, site .. K.author .. new
  for _, comment in ipairs(redis.call('ZRANGE', from, 0, -1)) do
    redis.call('HSET', prefix .. K.comment .. comment, 'by', new)
  end
  if redis.call('EXISTS', from) == 1 then
    redis.call('ZUNIONSTORE', to, 2, to, from, 'AGGREGATE', 'MIN')
    redis.call('DEL', from)
  end
end

local subjects = redis.call('HGET', record, 'subjects')
for i = 1, #given.pairs, 2 do
  local old, new = given.pairs[i], given.pairs[i + 1]
  if string.sub(old, 1, 1) == 'e' then
    local there = site .. K.subject .. old
    if redis.call('EXISTS', there) == 1 then
      add_up(there, prefix .. K.subject .. new)
      add_up(there, site .. K.subject .. new)
      redis.call('DEL', there)
    end
    move_index(old, new)
  end
  redis.call('DEL', prefix .. K.subject .. old)
  if subjects then subjects = string.gsub(subjects, string.gsub(old, '%.', '%%.'), new) end
end
if subjects then redis.call('HSET', record, 'subjects', subjects) end
return 'applied'
