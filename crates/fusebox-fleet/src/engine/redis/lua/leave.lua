-- Takes an instance off the roll, and its lease from it. An unknown one changes nothing.
local instance, session = ARGV[2], ARGV[3]

local s = read()
local rules = parse(s.text)
local entry = call('HGET', K.roll, instance)
count(K.members)
count(K.voters)
count(K.suspects)
if garbage then return refuse_garbage() end
if not entry or string.match(entry, '^(%d+) ') ~= session then return 'left' end

call('HDEL', K.roll, instance)
call('ZREM', K.members, instance)
call('ZREM', K.voters, instance)
call('ZREM', K.suspects, instance)
local kept = {}
for _, lease in ipairs(s.leases) do
  if lease.instance == instance then call('ZREM', K.leases, lease.text) else table.insert(kept, lease) end
end
s.leases = kept
local v = rules and decide(s, rules) or votes(rules)
write(s)
tell(s, v)
return 'left'
