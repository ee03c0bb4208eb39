-- Gives the right to probe to one instance. A refusal writes nothing.
local instance, session, incarnation, epoch, wish = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])

local s = read(instance)
local rules = parse(s.text)
local v = votes(s, rules)
if garbage then return refuse_garbage() end
if not rules or not s.since or incarnation ~= int(s.incarnation) or epoch ~= int(s.epoch) then
  return 'stale'
end
local leased, given = rules.probe == 'leased', alive(s)
if leased and given[1] then return 'busy ' .. int(given[1].ends - t) end
if t < s.next then return 'early ' .. int(s.next - t) end
local own = heard(s.entry) and s.entry.suspect or 0
if leased and s.last == instance and t < s.back and v.suspects > own then
  return 'early ' .. int(s.back - t)
end

local pause = gap(rules, v.voters, s.failed)
local lasts = math.min(wish, rules.longest_lease)
local ends = t + lasts
s.fence = s.fence + 1
-- A prober that is never heard of again may have a broken path as well as one that failed.
s.last, s.back = instance, ends + pause
write(s, rules)
for _, lease in ipairs(s.leases) do
  if t >= lease.ends then call('ZREM', LEASES, lease.text) end
end
call('ZADD', LEASES, s.fence, table.concat({ int(s.fence), int(ends), session, instance }, ' '))
end_with(s, LEASES)
return 'lease ' .. int(s.fence) .. ' ' .. int(lasts)
