-- Removes a value that is the expected one.
if get(KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
