-- Bring a comment of a blog's history in, as decided where it comes from, unless it is here: nobody is told and nothing is judged.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"  4 author index, or the comment  5 example, or the comment
--       6 the import's record
-- ARGV  one map: now; comment: comment id; site; platform_id; submission; plain: the same as earlier versions kept it; fingerprint;
--       state; written: when it was written; decided: history entry of its decision;
--       outcome, when somebody judged it; by_author: whether it has an author index; facets, one a line;
--       priority, of what is held; subjects, and ties, with spaces between (shared/reputation.lua);
--       standing: how long records of authors and domains live (ms), from now on; example: example id, if it teaches;
--       lesson: example (MessagePack); fate: what had become of it, to be counted;
--       number: number of its record in the file; notes: the import's notes up to here;
--       lives: how long the import's record lives (ms); arrival: history entry of its coming in;
--       address: how long records of IP addresses and networks live (ms), from when the comment was written;
--       undated: whether its time is none of its own; run: number of the import; replace: whether what an earlier import brought otherwise is brought anew;
--       look: whether to say only what would become of it, and write nothing
-- Reply brought, known (it is here already; it was left alone), gone (it was erased here), kept (it would be replaced, but was
--       decided or edited here since); to a look also replaced (it would be brought in place of an earlier one)
--
-- How far the import is, is written together with the comment: one that was killed goes on exactly where it was.
-- uses: all author examples example
-- include: lists
-- include: reputation
-- include: imported
local given = cmsgpack.unpack(ARGV[1])
local cid, state, written = given.comment, given.state, given.written
local present = redis.call('HGET', KEYS[1], 'state')
local word = present == 'erased' and 'gone' or present and 'known' or 'brought'

-- Whether it stands here as this import says, in all that an import brings.
local function same()
  local sub, lesson = redis.call('HGET', KEYS[1], 'sub'), KEYS[5] ~= KEYS[1] and redis.call('GET', KEYS[5]) or nil
  local example = redis.call('EXISTS', root(KEYS[3]) .. K.example .. 'x_' .. cid .. '_2') == 1
  if present ~= state or example ~= (given.lesson ~= nil) then return false end
  if given.undated then return redis.call('HGET', KEYS[1], 'fp') == given.fingerprint end
  return (sub == given.submission or sub == given.plain) and (not given.lesson or lesson == given.lesson)
end

if word == 'known' and given.replace and redis.call('HGET', KEYS[1], 'run') ~= tostring(given.run) and not same() then
  word = untouched(KEYS[1], KEYS[3], cid) and 'replaced' or 'kept'
end
if given.look then return word end
if word == 'replaced' then
  take_back(KEYS[1], KEYS[3], given.site, cid, given.now)
  redis.call('HINCRBY', KEYS[6], 'replaced', 1)
  word = 'brought'
end

-- Its subjects are as if the comment had been seen when it was written: an address that would be forgotten by now is not noted.
local function note_subjects()
  local noted = {}
  for subject in string.gmatch(given.subjects, '%S+') do
    local address = string.match(subject, '^[in]')
    local lives = address and written + given.address - given.now or given.standing
    if lives > 0 then
      noted[#noted + 1] = subject
      for _, key in ipairs(records(KEYS[3], subject)) do
        redis.call('HINCRBY', key, 'n', 1)
        local first = redis.call('HGET', key, 'first')
        if not first or tonumber(first) > written then redis.call('HSET', key, 'first', given.written) end
        if redis.call('PTTL', key) < lives then redis.call('PEXPIRE', key, lives) end
      end
    end
  end
  if #noted == 0 then return end
  redis.call('HSET', KEYS[1], 'seen', 1, 'subjects', table.concat(noted, ' ') .. ' ' .. given.ties)
  stand(KEYS[1], KEYS[3], written, state, given.example and 'history' or 'machine') -- whether it says why, and so teaches
end

if word == 'brought' then
  redis.call('HSET', KEYS[1], 'site', given.site, 'pid', given.platform_id, 'state', state, 'rev', 2, 'text_rev', 1,
    'human', given.outcome and '1' or '0', 'sub', given.submission, 'fp', given.fingerprint, 'created', given.written, 'updated', given.now,
    'dec', given.decided, 'run', given.run)
  if given.outcome then redis.call('HSET', KEYS[1], 'ruled', given.outcome) end
  redis.call('RPUSH', KEYS[2], given.arrival, given.decided)
  redis.call('ZADD', KEYS[3] .. K.all, given.written, cid)
  redis.call('ZADD', KEYS[3] .. state, given.now, cid)
  if given.by_author then
    redis.call('ZADD', KEYS[4], given.written, cid)
    redis.call('HSET', KEYS[1], 'by', string.sub(KEYS[4], #KEYS[3] + #K.author + 1))
  end
  if state == 'flagged' then
    redis.call('HSET', KEYS[1], 'fac', given.facets, 'prio', given.priority, 'sev', given.severest)
    enter_list(KEYS[1], KEYS[3], cid, 'flagged')
  end
  note_subjects()
  if given.example then
    redis.call('SET', KEYS[5], given.lesson)
    redis.call('ZADD', KEYS[3] .. K.examples, given.written, given.example)
    redis.call('HINCRBY', KEYS[6], 'taught', 1)
  end
end

redis.call('HINCRBY', KEYS[6], word == 'brought' and 'brought:' .. given.fate or word, 1)
redis.call('HSET', KEYS[6], 'at', given.number, 'notes', given.notes)
redis.call('PEXPIRE', KEYS[6], given.lives)
return word
