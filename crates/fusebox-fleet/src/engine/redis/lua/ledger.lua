-- The ledger of one breaker key, in front of each verb. It decides what `Ledger` decides; a test holds them
-- together. All is read and checked before anything is written, because Redis does not undo a script that
-- fails. Times are whole microseconds of the server. Numbers that a script only hands on stay text: a Lua
-- number has 53 bits.
if redis.replicate_commands then redis.replicate_commands() end -- before Redis 7: send effects, not scripts

local K = {
  verdict = KEYS[1], members = KEYS[2], voters = KEYS[3], suspects = KEYS[4], roll = KEYS[5],
  leases = KEYS[6], command = KEYS[7], buckets = KEYS[8], counts = KEYS[9],
}
local channel = ARGV[1]
local call = redis.call
local DAY, MINUTE = 86400e6, 60e6
local EXACT = 9007199254740992 -- from here on a Lua number is not exact

local garbage -- the first field that makes no sense

local function int(number)
  return string.format('%.0f', number)
end

local function digits(text)
  return text and #text <= 20 and string.find(text, '^%d+$') ~= nil
end

local function number(text, name)
  local value = digits(text) and tonumber(text)
  if value and value < EXACT then return value end
  garbage = garbage or name
  return 0
end

-- Whether one number is larger, both as text.
local function above(a, b)
  return #a > #b or (#a == #b and a > b)
end

local t = now()
local after = '(' .. int(t) -- what ends later

-- What is kept, as a table; `since` is there while the fleet is open.
local function read()
  local v = call('HMGET', K.verdict, 'incarnation', 'epoch', 'revision', 'since', 'next', 'failed', 'good',
    'last', 'back', 'fence', 'rules', 'expires')
  local c = call('HMGET', K.command, 'number', 'order')
  local s = { command = '0', order = 'automatic', leases = {} }
  s.fresh = not v[1]
  s.incarnation = v[1] and number(v[1], 'incarnation') or 0
  s.epoch = v[2] and number(v[2], 'epoch') or 0
  s.revision = v[3] and number(v[3], 'revision') or 0
  s.fence = v[10] and number(v[10], 'fence') or 0
  s.expires = v[12] and number(v[12], 'expires') or 0
  s.text = v[11] or nil
  s.was = { incarnation = s.incarnation, epoch = s.epoch, command = '0', fence = s.fence, expires = s.expires,
    text = s.text, open = v[4], last = v[8] }
  if v[4] then
    s.since = number(v[4], 'since')
    s.next = number(v[5], 'next')
    s.failed = number(v[6], 'failed')
    s.good = number(v[7], 'good')
    if v[8] then
      s.last = v[8]
      s.back = number(v[9], 'back')
    end
    for _, text in ipairs(call('ZRANGE', K.leases, 0, -1)) do
      local token, ends, session, instance = string.match(text, '^(%d+) (%d+) (%d+) (%S+)$')
      if not token then garbage = garbage or 'leases' else
        table.insert(s.leases, { text = text, token = token, ends = number(ends, 'leases'), session = session,
          instance = instance })
      end
    end
  end
  if c[1] then
    number(c[1], 'command')
    s.command, s.order = c[1], c[2] or 'automatic'
    s.was.command = s.command
  end
  return s
end

local RULES = '^' .. string.rep('(%S+) ', 17) .. '(%S+)$'

-- The settings that decide, from their text.
local function parse(text)
  if not text then return nil end
  local fingerprint, evidence, probe, close, share, votes, open_for, least_gap, longest_gap, longest_lease, good,
    member_for, window, windows, threshold, batch, keep, kept_for = string.match(text, RULES)
  local r = {
    fingerprint = fingerprint, evidence = evidence, probe = probe, close = close, share = tonumber(share),
    votes = tonumber(votes), open_for = tonumber(open_for), least_gap = tonumber(least_gap),
    longest_gap = tonumber(longest_gap), longest_lease = tonumber(longest_lease), good = tonumber(good),
    member_for = tonumber(member_for), window = tonumber(window), windows = tonumber(windows),
    threshold = tonumber(threshold), batch = math.max(tonumber(batch) or 1, 1), keep = tonumber(keep),
    kept_for = tonumber(kept_for),
  }
  if not (r.share and r.votes and r.open_for and r.least_gap and r.longest_gap and r.longest_lease and r.good
    and r.member_for and r.window and r.windows and r.threshold and r.batch and r.keep and r.kept_for) then
    garbage = garbage or 'rules'
    return nil
  end
  return r
end

local function count(set)
  return call('ZCOUNT', set, after, '+inf')
end

local function need(rules, voters)
  if not rules then return 0 end
  if rules.evidence == 'trips' then return rules.votes end
  return math.max(math.ceil(rules.share * voters - 1e-6), 0, rules.votes)
end

local function votes(rules)
  local voters, suspects = count(K.voters), count(K.suspects)
  return { voters = voters, suspects = suspects, need = need(rules, voters) }
end

local function gap(rules, voters, failed)
  if rules.probe ~= 'leased' then voters = 1 end
  local first = math.max(math.floor(rules.open_for / math.max(voters, 1)), rules.least_gap)
  return math.min(first * 2 ^ math.min(failed, 32), rules.longest_gap)
end

local function alive(s)
  local found = {}
  for _, lease in ipairs(s.leases) do
    if t < lease.ends then table.insert(found, lease) end
  end
  return found
end

-- Whether another instance than this one is in the set.
local function others(set, instance)
  local mine = call('ZSCORE', set, instance)
  local own = mine and t < tonumber(mine) and 1 or 0
  return count(set) > own
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

-- Another life is named by the instant at which it begins.
local function be_born(s)
  if s.fresh then s.incarnation, s.was.incarnation = t, t end
end

-- All keys of the ledger end together, `kept_for` after the last report at the earliest. Their end is put
-- off by a tenth more, so that not each report has to.
local function put_off(s, kept_for)
  local wanted = t + math.floor(kept_for * 1.1)
  if wanted - s.expires > kept_for / 10 then
    s.expires = wanted
    for name, key in pairs(K) do
      if name ~= 'command' then call('PEXPIREAT', key, int(math.ceil(s.expires / 1000))) end
    end
  end
end

-- A key that was just made ends with the others.
local function end_with(s, key)
  call('PEXPIREAT', key, int(math.ceil(s.expires / 1000)))
end

-- Writes what has changed.
local function write(s)
  local was, fields = s.was, {}
  local function field(name, value, before)
    if value ~= nil and (s.fresh or value ~= before) then
      table.insert(fields, name)
      table.insert(fields, type(value) == 'number' and int(value) or value)
    end
  end
  s.revision = s.revision + 1
  field('revision', s.revision)
  field('incarnation', s.incarnation, was.incarnation)
  field('epoch', s.epoch, was.epoch)
  field('fence', s.fence, was.fence)
  field('expires', s.expires, was.expires)
  field('rules', s.text, was.text)
  if s.since then
    field('since', s.since)
    field('next', s.next)
    field('failed', s.failed)
    field('good', s.good)
    field('last', s.last)
    field('back', s.back)
  end
  call('HSET', K.verdict, unpack(fields))
  if was.open and not s.since then
    call('HDEL', K.verdict, 'since', 'next', 'failed', 'good', 'last', 'back')
  elseif was.last and not s.last then
    call('HDEL', K.verdict, 'last', 'back')
  end
  if s.expires ~= was.expires then end_with(s, K.verdict) end
end

local function write_command(s, kept_for)
  call('HSET', K.command, 'number', s.command, 'order', s.order)
  if s.order == 'automatic' then
    -- Nothing is in force: instances that were away bring back no older order for so long.
    call('PEXPIRE', K.command, int(math.max(kept_for / 1000, DAY / 1000)))
  else
    call('PERSIST', K.command)
  end
end

local function clear_pool()
  call('DEL', K.buckets, K.counts)
end

-- Ends the open phase. The votes that opened the fleet would open it again.
local function close(s)
  s.since, s.next, s.failed, s.good, s.last, s.back, s.leases = nil, nil, nil, nil, nil, nil, {}
  s.epoch = s.epoch + 1
  call('DEL', K.leases, K.suspects)
  clear_pool()
end

local function pool_carries(rules, voters)
  local windows = rules.windows
  if windows == 0 then windows = math.min(math.max(math.floor(voters / 2), 3), math.max(voters, 1)) end
  local wanted = rules.window * windows
  local oldest = int(math.floor(math.max(t - rules.keep, 0) / rules.batch))
  local ok, bad, from = 0, 0, 0
  repeat
    local part = call('ZREVRANGEBYSCORE', K.buckets, '+inf', oldest, 'LIMIT', from, 64)
    local names, sums = {}, {}
    for _, bucket in ipairs(part) do
      table.insert(names, bucket .. ':ok')
      table.insert(names, bucket .. ':bad')
    end
    if #names > 0 then sums = call('HMGET', K.counts, unpack(names)) end
    for place = 1, #names, 2 do
      ok, bad = ok + (tonumber(sums[place]) or 0), bad + (tonumber(sums[place + 1]) or 0)
      if ok + bad >= wanted then break end
    end
    from = from + 64
  until #part < 64 or ok + bad >= wanted
  if ok + bad < rules.window then return false end
  return bad * 1000000 >= rules.threshold * (ok + bad)
end

local function decide(s, rules)
  local v = votes(rules)
  if not s.since then
    local carried = false
    if rules.evidence == 'opinions' or rules.evidence == 'trips' then
      carried = v.suspects >= v.need
    elseif rules.evidence == 'counts' then
      carried = pool_carries(rules, v.voters)
    end
    if carried then
      s.since, s.next, s.failed, s.good = t, t + gap(rules, v.voters, 0), 0, 0
      s.epoch = s.epoch + 1
      clear_pool()
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
  return v
end

-- Tells subscribers when the verdict or the command has changed.
local function tell(s, v)
  local text, was = view(s, v), s.was
  if s.incarnation ~= was.incarnation or s.epoch ~= was.epoch or s.command ~= was.command then
    call('PUBLISH', channel, text)
  end
  return text
end
