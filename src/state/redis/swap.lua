-- Replaces a value that is the expected one; done already counts as done.
local present = get(KEYS[1])
if present ~= ARGV[1] and present ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
