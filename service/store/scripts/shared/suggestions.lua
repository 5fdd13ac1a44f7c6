-- Erases suggested scores: examples that belong to no comment, and are found again by what their text says.
--
-- `site` is the site's prefix "…s:<site>:", `text` the digest of a text (core/text/similarity.py). How many there were.
-- uses: said example examples suggested
-- include: root
local function drop_suggestions(site, text)
  local said = site .. K.said .. text
  local found = redis.call('SMEMBERS', said)
  for _, id in ipairs(found) do
    redis.call('DEL', root(site) .. K.example .. id)
    redis.call('ZREM', site .. K.examples, id)
    redis.call('ZREM', site .. K.suggested, id)
  end
  redis.call('DEL', said)
  return #found
end
