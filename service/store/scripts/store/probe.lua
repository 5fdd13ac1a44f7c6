-- Write something, to see whether comments can be written; and, if asked, see that our user may do all that scripts do.
--
-- KEYS  1 what is written; whatever else was there is gone
-- ARGV  one map: now, lives: how long it lives, ms; commands: names of those that our user must be allowed
-- Reply written; or the error NOPERM, with the name of what is not allowed
local given = cmsgpack.unpack(ARGV[1])
local key = KEYS[1]

-- A command that lacks arguments is refused before anybody asks who may do it; with enough of them, nonsense is refused after that.
local function refused(command)
  for _, more in ipairs({ {}, { key }, { key, key }, { key, key, key } }) do
    local reply = redis.pcall(command, key, unpack(more))
    local said = type(reply) == 'table' and reply.err
    if not said then return false end
    if said:find('NOPERM', 1, true) or said:find('ACL failure', 1, true) or said:find('executing the script can', 1, true) then
      return true
    end
    if not said:lower():find('wrong number of arg', 1, true) then return false end
  end
  return false
end

for _, command in ipairs(given.commands) do
  if refused(command) then return redis.error_reply('NOPERM ' .. command) end
end
redis.call('SET', key, given.now, 'PX', given.lives)
return 'written'
