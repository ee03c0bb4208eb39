-- Takes in what came of a probe. A result without a live lease writes nothing.
local instance, session, token, result = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local s = read(instance)
local rules = parse(s.text)
local v = votes(s, rules)
if garbage then return refuse_garbage() end
if not rules or not s.since then return 'fenced' end
local mine
for _, lease in ipairs(alive(s)) do
  if lease.token == token and lease.session == session and lease.instance == instance then mine = lease end
end
if not mine then return 'fenced' end
if result == 'void' then return 'view ' .. view(s, v) end

local closes = false
if result == 'succeeded' then
  s.good = s.good + 1
  closes = s.good >= rules.good
  s.next, s.last, s.back = t, nil, nil
elseif t >= s.next then
  -- Where each instance probes, probes of one round fail together and count once.
  s.good, s.failed = 0, s.failed + 1
  local pause = gap(rules, v.voters, s.failed)
  s.next = t + pause
  s.last, s.back = instance, s.next + pause
end
if closes then
  close(s)
  v.suspects = 0
else
  call('ZREM', LEASES, mine.text)
end
write(s, rules)
return 'view ' .. tell(s, v)
