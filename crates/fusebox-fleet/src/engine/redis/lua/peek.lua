-- Reads everything, and changes nothing.
local s = read()
local rules = parse(s.text)
if garbage then return refuse_garbage() end
local prober = alive(s)[1]
local reply = { 'view ' .. view(s, votes(rules)), rules and rules.fingerprint or '-', int(s.failed or 0),
  prober and prober.instance .. ' ' .. int(prober.ends - t) or '-' }
local opinion = {}
for _, name in ipairs(call('ZRANGEBYSCORE', K.voters, '(' .. int(t), '+inf')) do opinion[name] = 'fine' end
for _, name in ipairs(call('ZRANGEBYSCORE', K.suspects, '(' .. int(t), '+inf')) do opinion[name] = 'suspect' end
local members = call('ZRANGEBYSCORE', K.members, '(' .. int(t), '+inf', 'WITHSCORES')
for place = 1, #members, 2 do
  local name = members[place]
  table.insert(reply, name .. ' ' .. (opinion[name] or 'idle') .. ' ' .. int(tonumber(members[place + 1]) - t))
end
return reply
