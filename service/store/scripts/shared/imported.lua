-- What an import brought, and what may be taken back of it; included by the scripts that bring it in again, take it back, or drop a
-- comment for good.
--
-- Only what nobody has touched since may go: it stands at its revision 2, as it came. `site` is "…s:<site>:".
-- uses: all author examples example notes claim was reports appealed decided audit chosen history texts reported_by answered
-- include: lists
-- include: reputation
local function untouched(record, site, cid)
  local state, rev = unpack(redis.call('HMGET', record, 'state', 'rev'))
  if not state or state == 'erased' or rev ~= '2' then return false end
  if redis.call('HEXISTS', record, 'run') == 1 then return true end -- earlier versions did not number imports
  return string.find(redis.call('LINDEX', root(site) .. K.history .. cid, 0) or '', 'imported', 1, true) ~= nil
end

-- As if it had never come: no tombstone remains, so that it may come again.
local function take_back(record, site, name, cid, now, what)
  local state, by = unpack(redis.call('HMGET', record, 'state', 'by'))
  leave_lists(record, site, cid)
  for _, index in ipairs({state, K.all, K.reports, K.appealed, K.decided, K.audit, K.chosen}) do redis.call('ZREM', site .. index, cid) end
  if by then redis.call('ZREM', site .. K.author .. by, cid) end
  forget(record, site, name, cid, now)
  local example, reported = 'x_' .. cid .. '_2', root(site) .. K.reported_by .. cid
  redis.call('ZREM', site .. K.examples, example)
  redis.call('DEL', root(site) .. K.example .. example, reported, reported .. K.answered)
  for _, kind in ipairs({K.history, K.texts, K.notes, K.claim, K.was}) do redis.call('DEL', root(site) .. kind .. cid) end
  redis.call('DEL', record)
  live(site, name, cid, 'erased', '', 2, '', what or 'taken back')
end
