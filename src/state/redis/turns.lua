-- One request for turns of a rate limit (turns.rs): the same arithmetic, on this server's clock.
local owner, number = ARGV[1], ARGV[2]
local interval, tolerance, horizon = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local wanted, least, lead = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local gap, pause = tonumber(ARGV[9]), tonumber(ARGV[10])
local grace, excess, kept = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function integer(n) return string.format('%.0f', n) end

local since, arrival, closed, last_owner, last_number, given_arrival, given_count
local stored = get(KEYS[1])
if stored then
  since, arrival, closed, last_owner, last_number, given_arrival, given_count =
    string.match(stored, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
end
local changed = false
if since then
  since, arrival, closed = tonumber(since), tonumber(arrival), tonumber(closed)
  given_arrival, given_count = tonumber(given_arrival), tonumber(given_count)
end
if not since or arrival > now + horizon + tolerance + interval + gap + excess then
  since, arrival, closed = now, now + grace, closed or 0
  last_owner, last_number, given_arrival, given_count = '0', '0', 0, 0
  changed = true
end

local from, count = math.max(arrival, closed), 0
if wanted > 0 and last_owner == owner and last_number == number then
  from, count = given_arrival, given_count
else
  if pause > 0 and now + pause > closed then
    closed, changed = now + pause, true
  end
  if wanted > 0 then
    local start = math.max(now + lead, closed)
    from = math.max(arrival, start)
    local room = math.floor((now + horizon + tolerance - from) / interval) + 1
    if start <= now + horizon and room >= math.max(least, 1) then
      count = math.min(room, wanted)
      arrival = from + interval * count + gap
      last_owner, last_number, given_arrival, given_count = owner, number, from, count
      changed = true
    end
  end
end
if changed then
  local plan = table.concat({
    integer(since), integer(arrival), integer(closed), last_owner, last_number,
    integer(given_arrival), integer(given_count),
  }, ' ')
  local ttl = math.ceil(math.max(math.max(arrival, closed) - now, 0) / 1000) + kept
  redis.call('SET', KEYS[1], plan, 'PX', integer(ttl))
end
return { integer(now), integer(from), integer(count), integer(closed), integer(since) }
