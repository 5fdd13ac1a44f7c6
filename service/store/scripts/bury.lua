-- Move a work entry that no worker could answer to the dead-letter stream.
--
-- KEYS  1 work  2 dead
-- ARGV  1 work entry  2 comment id  3 site  4 revision  5 why  6 now
-- Reply the dead entry's id
redis.call('XACK', KEYS[1], 'classify', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
return redis.call('XADD', KEYS[2], '*', 'c', ARGV[2], 's', ARGV[3], 'r', ARGV[4], 'why', ARGV[5], 'at', ARGV[6])
