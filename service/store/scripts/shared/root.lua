-- The prefix of a partition, "ac:{pN}:", from that of one of its sites.
local function root(site) return string.match(site, '^.-}:') end
