-- Erase what was suggested about a text.
--
-- KEYS  1 site prefix "…s:<site>:"  2 site:examples
-- ARGV  one map: text: digest of the text
-- Reply how many suggestions that were
-- include: suggestions
local given = cmsgpack.unpack(ARGV[1])
return drop_suggestions(KEYS[1], given.text)
