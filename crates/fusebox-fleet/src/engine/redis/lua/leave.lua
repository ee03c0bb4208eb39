-- Takes an instance off the roll, and its lease from it. An unknown one changes nothing.
local instance, session = ARGV[1], ARGV[2]

local s = read(instance)
local rules = parse(s.text)
local v = votes(s, rules)
local mine = s.entry
if garbage then return refuse_garbage() end
if not mine or mine.session ~= session then return 'left' end
local p
if rules and rules.evidence == 'counts' and not s.since then
  p = count(s.pool, rules, math.max(v.voters - (heard(mine) and mine.voter or 0), 0), 0, 0)
  if garbage then return refuse_garbage() end
end

call('ZREM', MEMBERS, instance)
call('HDEL', LEDGER, ':' .. instance)
s.voters, s.suspects = math.max(s.voters - mine.voter, 0), math.max(s.suspects - mine.suspect, 0)
if heard(mine) then
  v.voters, v.suspects = math.max(v.voters - mine.voter, 0), math.max(v.suspects - mine.suspect, 0)
end
v.need = need(rules, v.voters)
local kept = {}
for _, lease in ipairs(s.leases) do
  if lease.instance == instance then call('ZREM', LEASES, lease.text) else table.insert(kept, lease) end
end
s.leases = kept
if rules then decide(s, rules, v, p) end
write(s, rules)
tell(s, v)
return 'left'
