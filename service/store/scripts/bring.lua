-- Bring a comment of a blog's history in, as decided where it comes from, unless it is here: nobody is told and nothing is judged.
--
-- KEYS  1 comment  2 history  3 site prefix "…s:<site>:"  4 author index, or the comment  5 example, or the comment
--       6 the import's record
-- ARGV  1 now  2 comment id  3 site  4 platform id  5 submission (MessagePack)  6 fingerprint  7 state  8 when it was written
--       9 history entry of its decision  10 outcome, when somebody judged it, or ""  11 "author" or ""
--       12 facets, one a line, and  13 priority, of what is held  14 subjects, with spaces between (shared/standing.lua)
--       15 how long records of authors and domains live (ms), from now on  16 example id, or ""  17 example (MessagePack)
--       18 what had become of it, to be counted  19 number of its record in the file  20 the import's notes up to here
--       21 how long the import's record lives (ms)  22 history entry of its coming in
--       23 how long records of IP addresses and networks live (ms), from when the comment was written
-- Reply brought, known (it is here already; it was left alone), gone (it was erased here)
--
-- How far the import is, is written together with the comment: one that was killed goes on exactly where it was.
-- include: queue
-- include: standing
local cid, state, written = ARGV[2], ARGV[7], tonumber(ARGV[8])
local present = redis.call('HGET', KEYS[1], 'state')
local word = present == 'erased' and 'gone' or present and 'known' or 'brought'

-- Its subjects are as if the comment had been seen when it was written: an address that would be forgotten by now is not noted.
local function note_subjects()
  local noted = {}
  for subject in string.gmatch(ARGV[14], '%S+') do
    local address = string.match(subject, '^[in]')
    local lives = address and written + ARGV[23] - ARGV[1] or tonumber(ARGV[15])
    if lives > 0 then
      noted[#noted + 1] = subject
      for _, key in ipairs(records(KEYS[3], subject)) do
        redis.call('HINCRBY', key, 'n', 1)
        local first = redis.call('HGET', key, 'first')
        if not first or tonumber(first) > written then redis.call('HSET', key, 'first', ARGV[8]) end
        if redis.call('PTTL', key) < lives then redis.call('PEXPIRE', key, lives) end
      end
    end
  end
  if #noted == 0 then return end
  redis.call('HSET', KEYS[1], 'seen', 1, 'subjects', table.concat(noted, ' '))
  stand(KEYS[1], KEYS[3], written, state, ARGV[16] ~= '' and 'history' or 'machine') -- whether it says why, and so teaches
end

if word == 'brought' then
  redis.call('HSET', KEYS[1], 'site', ARGV[3], 'pid', ARGV[4], 'state', state, 'rev', 2, 'text_rev', 1,
    'human', ARGV[10] ~= '' and '1' or '0', 'sub', ARGV[5], 'fp', ARGV[6], 'created', ARGV[8], 'updated', ARGV[1],
    'dec', ARGV[9])
  if ARGV[10] ~= '' then redis.call('HSET', KEYS[1], 'ruled', ARGV[10]) end
  redis.call('RPUSH', KEYS[2], ARGV[22], ARGV[9])
  redis.call('ZADD', KEYS[3] .. 'all', ARGV[8], cid)
  redis.call('ZADD', KEYS[3] .. state, ARGV[1], cid)
  if ARGV[11] ~= '' then
    redis.call('ZADD', KEYS[4], ARGV[8], cid)
    redis.call('HSET', KEYS[1], 'by', string.sub(KEYS[4], #KEYS[3] + 3))
  end
  if state == 'flagged' then
    redis.call('HSET', KEYS[1], 'fac', ARGV[12], 'prio', ARGV[13])
    enter_list(KEYS[1], KEYS[3], cid, 'flagged')
  end
  note_subjects()
  if ARGV[16] ~= '' then
    redis.call('SET', KEYS[5], ARGV[17])
    redis.call('ZADD', KEYS[3] .. 'examples', ARGV[8], ARGV[16])
    redis.call('HINCRBY', KEYS[6], 'taught', 1)
  end
end

redis.call('HINCRBY', KEYS[6], word == 'brought' and 'brought:' .. ARGV[18] or word, 1)
redis.call('HSET', KEYS[6], 'at', ARGV[19], 'notes', ARGV[20])
redis.call('PEXPIRE', KEYS[6], ARGV[21])
return word
