-- Counts opinions and decides anew: what was not steady. The first word of the report stands behind `before`.
-- The settings are given where one report comes alone.
local function report(before, given, lost)
  local instance, session, sequence, opinion = unpack(ARGV, before + 1, before + 4)
  local seen_incarnation, seen_epoch = match(ARGV[before + 5], '^(%S+) (%S+)$') -- '-' when nothing has been heard yet
  local number_heard, mark = match(ARGV[before + 6], '^(%d+) (%S+)$')
  local order_heard = ARGV[before + 9]
  -- From a larger one the ledger could not count on.
  if number(number_heard, 'number') > EXACT / 2 then garbage = garbage or 'number' end

  local s = read(instance)
  local rules = parse(s.text)
  local offered = rules
  if not rules or rules.mark ~= mark then
    if garbage then return 'garbage ' .. garbage end
    -- Settings are sent only to a server that does not know them.
    if not given then return 'settings' end
    offered = parse(given)
  else
    given = s.text
  end
  local v = votes(s, offered)
  local mine = heard(s.entry) and s.entry
  local incarnation = s.fresh and t or s.incarnation
  local same_life = seen_incarnation == int(incarnation)
  -- The engine has lost its last writes. What it still has may be any mixture, so it begins a new life.
  local forgets = same_life and tonumber(seen_epoch) > s.epoch
  local voters = math.max(v.voters - (mine and mine.voter or 0), 0) + (opinion ~= 'i' and 1 or 0)
  local p
  if offered.evidence == 'counts' and (forgets or not s.since) then
    local ok, bad = match(ARGV[before + 8], '^(%d+) (%d+) ')
    p = count(not forgets and s.pool or nil, offered, voters, tonumber(ok), tonumber(bad))
  end
  if garbage then return 'garbage ' .. garbage end

  if mine and mine.session ~= session then return 'name_taken' end
  -- What follows the number only explains which settings differ, and not every release has it.
  if rules and match(rules.fingerprint, '^%x+') ~= match(offered.fingerprint, '^%x+')
    and call('ZCOUNT', MEMBERS, '(' .. int(t), '+inf') > (mine and 1 or 0) then
    return 'settings_differ ' .. rules.fingerprint
  end
  if mine and not above(sequence, mine.sequence) then
    v.need = need(rules, v.voters)
    return 'view ' .. view(s, v)
  end

  -- This write comes first, because it is one that a server without memory refuses.
  local lapse = t + offered.member_for
  local added = call('ZADD', MEMBERS, lapse, instance) == 1 or lost
  s.text, rules = given, offered
  be_born(s)
  put_off(s, rules.kept_for)
  if added then
    end_with(s, MEMBERS)
    if mine then
      -- The set was lost. Without it, nobody would ever lapse.
      local known = call('HGETALL', LEDGER)
      for place = 1, #known, 2 do
        local name = match(known[place], '^:(.+)$')
        local entry = name and name ~= instance and read_entry(known[place + 1], s.round)
        if entry then
          call('ZADD', MEMBERS, entry.lapse, name)
          s.earliest = math.min(s.earliest, entry.lapse)
        end
      end
    end
  end
  in_parts(v.lapsed, function(names)
    local fields = {}
    for place, name in ipairs(names) do
      if name == instance then names[place] = '' end
      fields[place] = ':' .. names[place]
    end
    call('ZREM', MEMBERS, unpack(names))
    call('HDEL', LEDGER, unpack(fields))
  end)
  if t >= s.earliest then s.earliest = tonumber(call('ZRANGE', MEMBERS, 0, 0, 'WITHSCORES')[2]) end
  s.earliest = math.min(s.earliest, lapse)
  s.voters, s.suspects = voters, math.max(v.suspects - (mine and mine.suspect or 0), 0)
  if forgets then
    close(s)
    s.incarnation, s.epoch = s.incarnation + 1, 0
  end
  -- A suspicion from before the fleet closed is no vote to open it again.
  if opinion == 's' and not s.since and same_life and not forgets and s.epoch > tonumber(seen_epoch) then
    opinion = 'f'
  end
  s.suspects = s.suspects + (opinion == 's' and 1 or 0)
  v.voters, v.suspects, v.need = s.voters, s.suspects, need(rules, s.voters)
  local entry = { name = ':' .. instance, text = string.format('%s %s %.0f %s%s', session, sequence, lapse, opinion,
    opinion == 's' and int(s.round) or '') }

  if above(number_heard, s.command) then
    s.command, s.order = number_heard, order_heard
    write_command(s, rules.kept_for)
  end

  decide(s, rules, v, p)
  write(s, rules, entry)
  return 'view ' .. tell(s, v)
end

for _, other in ipairs(others) do
  turn_to(other.place)
  local given = #KEYS == 5 and ARGV[WORDS + 1] or nil
  answers[other.place] = report((other.place - 1) * WORDS, given, other.lost)
end
return answers
