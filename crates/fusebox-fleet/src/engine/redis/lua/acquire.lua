-- Gives the right to probe to one instance. A refusal writes nothing.
local instance, session, incarnation, epoch, wish = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])

local s = read()
local rules = parse(s.text)
if garbage then return refuse_garbage() end
if not rules or not s.since or incarnation ~= int(s.incarnation) or epoch ~= int(s.epoch) then
  return 'stale'
end
local leased, given = rules.probe == 'leased', alive(s)
if leased and given[1] then return 'busy ' .. int(given[1].ends - t) end
if t < s.next then return 'early ' .. int(s.next - t) end
if leased and s.last == instance and t < s.back and others(K.suspects, instance) then
  return 'early ' .. int(s.back - t)
end

local pause = gap(rules, count(K.voters), s.failed)
local lasts = math.min(wish, rules.longest_lease)
local ends = t + lasts
s.fence = s.fence + 1
-- A prober that is never heard of again may have a broken path as well as one that failed.
s.last, s.back = instance, ends + pause
write(s)
for _, lease in ipairs(s.leases) do
  if t >= lease.ends then call('ZREM', K.leases, lease.text) end
end
call('ZADD', K.leases, int(s.fence), table.concat({ int(s.fence), int(ends), session, instance }, ' '))
end_with(s, K.leases)
return 'lease ' .. int(s.fence) .. ' ' .. int(lasts)
