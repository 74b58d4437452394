-- Claims a key: stores a value unless another one is there, which is returned.
local present = get(KEYS[1])
if present and present ~= ARGV[1] then
  return present
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
