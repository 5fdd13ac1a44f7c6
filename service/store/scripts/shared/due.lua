-- When a site's call-backs are due; included by every script that changes a comment's.
--
-- A site is due when its first call-back is, but not while its receiver asked us to pause.
-- uses: due endpoint
local function site_due(sites, prefix, site)
  local first = redis.call('ZRANGE', prefix .. K.due, 0, 0, 'WITHSCORES')[2]
  if first then
    local pause = redis.call('HGET', prefix .. K.endpoint, 'paused_until')
    redis.call('ZADD', sites, math.max(tonumber(first), tonumber(pause or 0)), site)
  else
    redis.call('ZREM', sites, site)
  end
end
