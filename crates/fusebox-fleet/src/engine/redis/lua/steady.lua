-- Reports that change nothing but how long their senders are heard: nearly all reports are such. The sender is
-- known, thinks what it thought, and has heard all news; nobody lapses, and no time is up. Then the verdict and
-- the votes are what they were. Everything else, and what makes no sense, is left to the rest of the script.
local WORDS = 9 -- of one report
local lost -- whether the set of members was

-- What such a report is answered, whose first word stands behind this one.
local function steady(before)
  local instance, opinion, heard = ARGV[before + 1], ARGV[before + 4], ARGV[before + 5]
  local name = ':' .. instance
  local kept = call('HMGET', LEDGER, 'calm', 'told', 'due', 'revision', name, 'pool')
  if not kept[5] or kept[1] ~= heard .. ' ' .. ARGV[before + 6] then return nil end
  local session, sequence, thought, told_in = match(kept[5], '^(%d+) (%d+) %d+ ([ifs])(%d*)$')
  local due, revision = tonumber(kept[3]), tonumber(kept[4])
  local lapse = t + tonumber(ARGV[before + 7])
  local round, verdict, next_probe, votes, voters = match(kept[2],
    '^(%d+) (%l+) (%d+) ((%d+) %d+ %d+ %d+ [%l_]+)$')
  if not (session == ARGV[before + 2] and thought == opinion and above(ARGV[before + 3], sequence) and voters
    and (opinion ~= 's' or told_in == round) and due and t < due and due <= lapse
    and revision and revision >= 0 and revision < EXACT) then
    return nil
  end
  local counts, p, rules = ARGV[before + 8], nil, nil
  if counts ~= '' and verdict == 'closed' then
    local ok, bad, window, windows, threshold, batch, keep_for = match(counts,
      '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
    rules = { window = tonumber(window), windows = tonumber(windows), threshold = tonumber(threshold),
      batch = math.max(tonumber(batch), 1), keep = tonumber(keep_for) }
    p = count(kept[6], rules, tonumber(voters), tonumber(ok), tonumber(bad))
    if garbage or (p and carries(p, rules)) then return nil end
  end
  -- This write comes first, because it is one that a server without memory refuses.
  lost = call('ZADD', MEMBERS, lapse, instance) == 1
  if lost then return nil end
  local entry = string.format('%s %s %.0f %s%s', session, ARGV[before + 3], lapse, opinion, told_in)
  revision = string.format('%.0f', revision + 1)
  if p then
    call('HSET', LEDGER, 'revision', revision, name, entry, 'pool', keep(p, rules))
  else
    call('HSET', LEDGER, 'revision', revision, name, entry)
  end
  local wait = string.format('%.0f', math.max(tonumber(next_probe) - t, 0))
  return 'view ' .. heard .. ' ' .. revision .. ' ' .. verdict .. ' ' .. wait .. ' ' .. votes
end

local answers, others = {}, nil
for place = 1, #KEYS / 5 do
  turn_to(place)
  lost = false
  answers[place] = steady((place - 1) * WORDS)
  if not answers[place] then
    others = others or {}
    table.insert(others, { place = place, lost = lost })
  end
end
if not others then return answers end
