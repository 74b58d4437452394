-- What stands under a key. One of another type is none of ours: it counts as absent, and is written over.
local function get(key)
  local value = redis.pcall('GET', key)
  if type(value) ~= 'table' then
    return value
  end
  if string.find(value.err, 'WRONGTYPE', 1, true) == 1 then
    return false
  end
  error(value)
end

