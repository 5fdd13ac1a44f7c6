-- Keeps a comment's history; included by every script that adds to it.
--
-- Most comments come in, are decided by the machine, and that is all. Of these no list is kept: their first line follows from what the
-- record says, and the second is its last decision, `dec`. The list begins with what comes next; '' in it is the first line.
-- (What imports and earlier versions brought has a list from the start, with nothing left out.)
local function note_change(record, history, line)
  if redis.call('EXISTS', history) == 0 then
    local decided = redis.call('HGET', record, 'dec')
    redis.call('RPUSH', history, '', unpack(decided and {decided} or {}))
  end
  redis.call('RPUSH', history, line)
end
