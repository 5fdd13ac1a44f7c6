-- Drops a platform's names of a comment, and the requests that brought it; included by the scripts that drop comments.
-- uses: requests kin name
-- include: root
local function drop_names(names, site, cid)
  for _, name in ipairs(redis.call('SMEMBERS', names)) do
    if string.sub(name, 1, #K.kin) == K.kin then
      redis.call('ZREM', site .. name, cid)
    else
      redis.call('DEL', site .. K.name .. name)
    end
  end
  local requests = root(site) .. K.requests .. cid
  for _, request in ipairs(redis.call('SMEMBERS', requests)) do redis.call('DEL', request) end
  redis.call('DEL', names, requests)
end
