-- Reads everything, and changes nothing.
local s = read()
local rules = parse(s.text)
local v = votes(s, rules)
local prober = alive(s)[1]
local reply = { 'view ' .. view(s, v), rules and rules.fingerprint or '-', int(s.failed or 0),
  prober and prober.instance .. ' ' .. int(prober.ends - t) or '-' }
in_parts(call('ZRANGEBYSCORE', MEMBERS, '(' .. int(t), '+inf'), function(names)
  local fields = {}
  for place, name in ipairs(names) do fields[place] = ':' .. name end
  for place, text in ipairs(call('HMGET', LEDGER, unpack(fields))) do
    local entry = read_entry(text, s.round)
    if entry and heard(entry) then
      local opinion = entry.suspect == 1 and 'suspect' or entry.voter == 1 and 'fine' or 'idle'
      table.insert(reply, names[place] .. ' ' .. opinion .. ' ' .. int(entry.lapse - t))
    end
  end
end)
if garbage then return refuse_garbage() end
return reply
