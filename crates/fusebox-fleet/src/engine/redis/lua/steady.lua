-- A report that changes nothing but how long its sender is heard: nearly all reports are such. The sender is
-- known, thinks what it thought, and has heard all news; nobody lapses, and no time is up. Then the verdict and
-- the votes are what they were. Everything else, and what makes no sense, is left to the rest of the script.
local lost = false -- whether the set of members was
do
  local name = ':' .. ARGV[1]
  local kept = call('HMGET', LEDGER, 'calm', 'told', 'due', 'revision', name, 'pool')
  if kept[1] == ARGV[5] .. ' ' .. ARGV[6] and kept[5] then
    local session, sequence, opinion, told_in = match(kept[5], '^(%d+) (%d+) %d+ ([ifs])(%d*)$')
    local due, revision = tonumber(kept[3]), tonumber(kept[4])
    local lapse = t + tonumber(ARGV[7])
    local round, verdict, next_probe, votes, voters = match(kept[2],
      '^(%d+) (%l+) (%d+) ((%d+) %d+ %d+ %d+ [%l_]+)$')
    if session == ARGV[2] and opinion == ARGV[4] and above(ARGV[3], sequence) and voters
      and (opinion ~= 's' or told_in == round) and due and t < due and due <= lapse
      and revision and revision >= 0 and revision < EXACT then
      local calm, p, rules = true, nil, nil
      if ARGV[8] ~= '' and verdict == 'closed' then
        local ok, bad, window, windows, threshold, batch, keep_for = match(ARGV[8],
          '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
        rules = { window = tonumber(window), windows = tonumber(windows), threshold = tonumber(threshold),
          batch = math.max(tonumber(batch), 1), keep = tonumber(keep_for) }
        p = count(kept[6], rules, tonumber(voters), tonumber(ok), tonumber(bad))
        calm = not garbage and not (p and carries(p, rules))
      end
      -- This write comes first, because it is one that a server without memory refuses.
      lost = calm and call('ZADD', MEMBERS, lapse, ARGV[1]) == 1
      if calm and not lost then
        local entry = string.format('%s %s %.0f %s%s', session, ARGV[3], lapse, opinion, told_in)
        revision = string.format('%.0f', revision + 1)
        if p then
          call('HSET', LEDGER, 'revision', revision, name, entry, 'pool', keep(p, rules))
        else
          call('HSET', LEDGER, 'revision', revision, name, entry)
        end
        local wait = string.format('%.0f', math.max(tonumber(next_probe) - t, 0))
        return table.concat({ 'view', ARGV[5], revision, verdict, wait, votes }, ' ')
      end
    end
  end
end
