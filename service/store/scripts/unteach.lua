-- Erase what was suggested about a text.
--
-- KEYS  1 site prefix "…s:<site>:"
-- ARGV  1 digest of the text
-- Reply how many suggestions that were
-- include: suggestions
return drop_suggestions(KEYS[1], ARGV[1])
