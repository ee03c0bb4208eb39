-- The ledger of one breaker key, in front of each verb. It decides what `Ledger` decides; a test holds them
-- together. All is read and checked before anything is written, because Redis does not undo a script that
-- fails. Times are whole microseconds of the server. Numbers that a script only hands on stay text: a Lua
-- number has 53 bits.
--
-- Votes are counted as they change. The counts are of all entries; those that have lapsed since the last
-- sweep are known by the sorted set, and taken off whenever one is due.
local DAY, MINUTE = 86400e6, 60e6
local NEVER = EXACT - 1

local function int(number)
  return string.format('%.0f', number)
end

local function number(text, name)
  local value = text and #text <= 20 and string.find(text, '^%d+$') and tonumber(text)
  if value and value < EXACT then return value end
  garbage = garbage or name
  return 0
end

-- What is known of an instance, from its text: until when it is heard, and whether it is a voter, a suspect.
local function read_entry(text, round)
  if not text then return nil end
  local session, sequence, lapse, opinion, told_in = match(text, '^(%d+) (%d+) (%d+) ([ifs])(%d*)$')
  if not session then
    garbage = garbage or 'entry'
    return nil
  end
  -- A suspicion that was told before the fleet closed has been withdrawn since.
  local suspects = opinion == 's' and tonumber(told_in) == round
  return { session = session, sequence = sequence, lapse = tonumber(lapse), voter = opinion ~= 'i' and 1 or 0,
    suspect = suspects and 1 or 0 }
end

-- What is kept, as a table; `since` is there while the fleet is open, `entry` if the instance is known.
local function read(instance)
  local v = call('HMGET', LEDGER, 'incarnation', 'epoch', 'revision', 'round', 'voters', 'suspects', 'earliest',
    'expires', 'fence', 'rules', 'number', 'order', 'since', 'next', 'failed', 'good', 'last', 'back', 'pool',
    ':' .. (instance or ''))
  local s = { incarnation = 0, epoch = 0, revision = 0, round = 0, voters = 0, suspects = 0, earliest = NEVER,
    expires = 0, fence = 0, command = '0', order = 'automatic', leases = {}, text = v[10] or nil,
    pool = v[19] or nil, fresh = not v[1] }
  if not s.fresh then
    for place, name in ipairs({ 'incarnation', 'epoch', 'revision', 'round', 'voters', 'suspects', 'earliest',
      'expires', 'fence' }) do
      s[name] = number(v[place], name)
    end
    number(v[11], 'number')
    s.command, s.order = v[11] or '0', v[12] or 'automatic'
  else
    -- An order outlives the ledger.
    local c = call('HMGET', COMMAND, 'number', 'order')
    if c[1] then
      number(c[1], 'command')
      s.command, s.order = c[1], c[2] or 'automatic'
    end
  end
  s.entry = read_entry(v[20], s.round)
  if v[13] then
    s.since = number(v[13], 'since')
    s.next = number(v[14], 'next')
    s.failed = number(v[15], 'failed')
    s.good = number(v[16], 'good')
    if v[17] then
      s.last = v[17]
      s.back = number(v[18], 'back')
    end
    for _, text in ipairs(call('ZRANGE', LEASES, 0, -1)) do
      local token, ends, session, owner = match(text, '^(%d+) (%d+) (%d+) (%S+)$')
      if not token then garbage = garbage or 'leases' else
        table.insert(s.leases, { text = text, token = token, ends = number(ends, 'leases'), session = session,
          instance = owner })
      end
    end
  end
  s.was = { incarnation = s.incarnation, epoch = s.epoch, command = s.command, expires = s.expires,
    open = v[13], last = v[17], pool = v[19] }
  return s
end

local RULES = '^' .. string.rep('(%S+) ', 19) .. '(%S+)$'

-- The settings that decide, from their text.
local function parse(text)
  if not text then return nil end
  local fingerprint, mark, evidence, probe, close, share, votes, open_for, factor, least_gap, longest_gap,
    longest_lease, good, member_for, window, windows, threshold, batch, keep_for, kept_for = match(text, RULES)
  local r = {
    fingerprint = fingerprint, mark = mark, evidence = evidence, probe = probe, close = close,
    share = tonumber(share), votes = tonumber(votes), open_for = tonumber(open_for), factor = tonumber(factor),
    least_gap = tonumber(least_gap), longest_gap = tonumber(longest_gap),
    longest_lease = tonumber(longest_lease), good = tonumber(good), member_for = tonumber(member_for),
    window = tonumber(window), windows = tonumber(windows), threshold = tonumber(threshold),
    batch = math.max(tonumber(batch) or 1, 1), keep = tonumber(keep_for), kept_for = tonumber(kept_for),
  }
  if not (r.share and r.votes and r.open_for and r.factor and r.least_gap and r.longest_gap and r.longest_lease
    and r.good and r.member_for and r.window and r.windows and r.threshold and r.batch and r.keep and r.kept_for) then
    garbage = garbage or 'rules'
    return nil
  end
  return r
end

local function need(rules, voters)
  if not rules then return 0 end
  if rules.evidence == 'trips' then return rules.votes end
  return math.max(math.ceil(rules.share * voters - 1e-6), 0, rules.votes)
end

-- Redis' Lua takes no more than some thousand arguments at once.
local function in_parts(list, act)
  for from = 1, #list, 1000 do
    act({ unpack(list, from, math.min(from + 999, #list)) })
  end
end

-- The votes of those that are heard. Whoever has lapsed is named in `lapsed`, for a sweep.
local function votes(s, rules)
  local v = { voters = s.voters, suspects = s.suspects, lapsed = {} }
  if t >= s.earliest then
    v.lapsed = call('ZRANGEBYSCORE', MEMBERS, '-inf', t)
    in_parts(v.lapsed, function(names)
      local fields = {}
      for place, name in ipairs(names) do fields[place] = ':' .. name end
      for _, text in ipairs(call('HMGET', LEDGER, unpack(fields))) do
        local entry = read_entry(text, s.round)
        if entry then
          v.voters, v.suspects = math.max(v.voters - entry.voter, 0), math.max(v.suspects - entry.suspect, 0)
        end
      end
    end)
  end
  v.need = need(rules, v.voters)
  return v
end

local function gap(rules, voters, failed)
  if rules.probe ~= 'leased' then voters = 1 end
  local wait = math.min(rules.open_for * rules.factor ^ failed, rules.longest_gap)
  return math.max(math.floor(wait / math.max(voters, 1)), rules.least_gap)
end

local function alive(s)
  local found = {}
  for _, lease in ipairs(s.leases) do
    if t < lease.ends then table.insert(found, lease) end
  end
  return found
end

local function heard(entry)
  return entry and t < entry.lapse
end

local function view(s, v)
  local verdict, wait = 'closed', 0
  if s.since then verdict, wait = 'open', math.max(s.next - t, 0) end
  return table.concat({ int(s.incarnation), int(s.epoch), int(s.revision), verdict, int(wait), int(v.voters),
    int(v.suspects), int(v.need), s.command, s.order }, ' ')
end

local function refuse_garbage()
  return redis.error_reply('GARBAGE ' .. garbage)
end

-- From here on, what writes.

-- A key that was just made ends with the others.
local function end_with(s, key)
  call('PEXPIREAT', key, math.ceil(s.expires / 1000))
end

-- Another life is named by the instant at which it begins. Nothing of the one before is left in it.
local function be_born(s)
  if s.fresh then
    s.incarnation, s.was.incarnation = t, t
    call('DEL', LEASES, POOL)
  end
end

-- The keys of the ledger end together, `kept_for` after the last report at the earliest. Their end is put
-- off by a tenth more, so that not each report has to.
local function put_off(s, kept_for)
  if t > s.expires - kept_for then
    s.expires = t + math.floor(kept_for * 1.1)
    end_with(s, MEMBERS)
    end_with(s, LEASES)
  end
end

-- Writes what is kept, and the entry of an instance. What a steady report is compared with stands beside it:
-- `calm` is what its sender has to know already, `told` what it hears. From `due` on somebody lapses, or the
-- keys end. An open verdict that nobody suspects ends by time, so it is never calm.
local function write(s, rules, entry)
  s.revision = s.revision + 1
  local calm, told = '', ''
  if rules and (not s.since or s.suspects > 0 or rules.close == 'own') then
    calm = table.concat({ int(s.incarnation), int(s.epoch), s.command, rules.mark }, ' ')
    told = table.concat({ int(s.round), s.since and 'open' or 'closed', int(s.next or 0), int(s.voters),
      int(s.suspects), int(need(rules, s.voters)), s.command, s.order }, ' ')
  end
  local fields = { 'revision', int(s.revision), 'calm', calm, 'told', told,
    'due', int(math.min(s.earliest, math.max(s.expires - (rules and rules.kept_for or 0), 0))),
    'incarnation', int(s.incarnation), 'epoch', int(s.epoch), 'round', int(s.round), 'voters', int(s.voters),
    'suspects', int(s.suspects), 'earliest', int(s.earliest), 'expires', int(s.expires), 'fence', int(s.fence),
    'number', s.command, 'order', s.order }
  local function field(name, value)
    if value then
      table.insert(fields, name)
      table.insert(fields, value)
    end
  end
  field('rules', s.text)
  if s.since then
    field('since', int(s.since))
    field('next', int(s.next))
    field('failed', int(s.failed))
    field('good', int(s.good))
    field('last', s.last)
    field('back', s.last and int(s.back))
  end
  field('pool', s.pool)
  if entry then field(entry.name, entry.text) end
  call('HSET', LEDGER, unpack(fields))
  local was = s.was
  if was.open and not s.since then
    call('HDEL', LEDGER, 'since', 'next', 'failed', 'good', 'last', 'back')
  elseif was.last and not s.last then
    call('HDEL', LEDGER, 'last', 'back')
  end
  if was.pool and not s.pool then call('HDEL', LEDGER, 'pool') end
  if s.expires ~= was.expires then end_with(s, LEDGER) end
end

local function write_command(s, kept_for)
  call('HSET', COMMAND, 'number', s.command, 'order', s.order)
  if s.order == 'automatic' then
    -- Nothing is in force: instances that were away bring back no older order for so long.
    call('PEXPIRE', COMMAND, math.ceil(math.max(kept_for, DAY) / 1000))
  else
    call('PERSIST', COMMAND)
  end
end

local function clear_pool(s)
  if s.pool then call('DEL', POOL) end
  s.pool = nil
end

-- Ends the open phase. The votes that opened the fleet would open it again.
local function close(s)
  s.since, s.next, s.failed, s.good, s.last, s.back, s.leases = nil, nil, nil, nil, nil, nil, {}
  s.epoch, s.round, s.suspects = s.epoch + 1, s.round + 1, 0
  call('DEL', LEASES)
  clear_pool(s)
end

-- Decides by the votes; `p` is the pool where counts are merged.
local function decide(s, rules, v, p)
  if not s.since then
    local carried = false
    if rules.evidence == 'opinions' or rules.evidence == 'trips' then
      carried = v.suspects >= v.need
    elseif p then
      carried = carries(p, rules)
      if not carried then s.pool = keep(p, rules) end
    end
    if carried then
      s.since, s.next, s.failed, s.good = t, t + gap(rules, v.voters, 0), 0, 0
      s.epoch = s.epoch + 1
      clear_pool(s)
    end
  else
    local over
    if rules.close == 'own' then
      over = v.suspects < v.need
    else
      over = v.suspects == 0 and #alive(s) == 0 and t >= s.since + rules.member_for
    end
    if over then
      close(s)
      v.suspects = 0
    end
  end
end

-- Tells subscribers when the verdict or the command has changed.
local function tell(s, v)
  local text, was = view(s, v), s.was
  if s.incarnation ~= was.incarnation or s.epoch ~= was.epoch or s.command ~= was.command then
    call('PUBLISH', LEDGER, text)
  end
  return text
end
