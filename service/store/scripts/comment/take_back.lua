-- Take a comment back that an import brought, as if it had never come, unless somebody has touched it since.
--
-- KEYS  1 comment  2 site prefix "…s:<site>:"
-- ARGV  one map: now; comment: comment id; site; run: number of the import
-- Reply taken, kept (it was decided, edited or erased since), other (another import brought it, or none)
-- include: imported
local given = cmsgpack.unpack(ARGV[1])
if redis.call('HGET', KEYS[1], 'run') ~= tostring(given.run) then return 'other' end
if not untouched(KEYS[1], KEYS[2], given.comment) then return 'kept' end
take_back(KEYS[1], KEYS[2], given.site, given.comment, given.now)
return 'taken'
