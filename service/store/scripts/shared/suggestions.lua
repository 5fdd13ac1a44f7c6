-- Erases suggested scores: examples that belong to no comment, and are found again by what their text says.
--
-- `site` is the site's prefix "…s:<site>:", `text` the digest of a text (core/campaigns.py). How many there were.
local function drop_suggestions(site, text)
  local said, box = site .. 'said:' .. text, string.match(site, '^.-}:')
  local found = redis.call('SMEMBERS', said)
  for _, id in ipairs(found) do
    redis.call('DEL', box .. 'e:' .. id)
    redis.call('ZREM', site .. 'examples', id)
    redis.call('ZREM', site .. 'suggested', id)
  end
  redis.call('DEL', said)
  return #found
end
