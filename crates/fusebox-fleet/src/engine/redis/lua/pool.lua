-- The merged counts of calls, in front of the ledger. Calls are counted in buckets of one batch. The newest
-- bucket and the sums over the window are one field of the ledger; older buckets are a list, the newest first.
-- So a report touches the list only when a bucket begins or the window moves on, however long the window is.
local call, match = redis.call, string.match
local LEDGER, MEMBERS, LEASES, COMMAND, POOL
local EXACT = 9007199254740992 -- from here on a Lua number is not exact

local garbage -- the first field that makes no sense

-- Turns to the ledger of this place among those that the script was given.
local function turn_to(place)
  LEDGER, MEMBERS, LEASES, COMMAND, POOL = unpack(KEYS, place * 5 - 4, place * 5)
  garbage = nil
end
turn_to(1)

local t = now()

-- A bucket of the list: when, succeeded, failed.
local function bucket(text)
  local at, ok, bad = match(text, '^(%d+) (%d+) (%d+)$')
  if not at then
    garbage = garbage or 'pool'
    return 0, 0, 0
  end
  return tonumber(at), tonumber(ok), tonumber(bad)
end

local POOL_FIELD = '^' .. string.rep('(%d+) ', 8) .. '(%d+)$'

-- The pool with these calls in it, and with the window that so many voters want. Only reads.
-- `n` buckets of the list are in the window, the oldest of them is `first`; `ok` and `bad` are sums over it.
local function count(text, rules, voters, succeeded, failed)
  local p
  local oldest = math.floor(math.max(t - rules.keep, 0) / rules.batch)
  if text then
    local head, head_ok, head_bad, n, ok, bad, first, first_ok, first_bad = match(text, POOL_FIELD)
    if not head then
      garbage = garbage or 'pool'
      return nil
    end
    p = { head = tonumber(head), head_ok = tonumber(head_ok), head_bad = tonumber(head_bad), n = tonumber(n),
      ok = tonumber(ok), bad = tonumber(bad), first = tonumber(first), first_ok = tonumber(first_ok),
      first_bad = tonumber(first_bad), oldest = oldest }
    if p.head < oldest then p = nil end
  end
  if succeeded + failed > 0 then
    local present = math.floor(t / rules.batch)
    if not p then
      p = { head = present, head_ok = 0, head_bad = 0, n = 0, ok = 0, bad = 0, first = 0, first_ok = 0,
        first_bad = 0, oldest = oldest, begins = true }
    elseif present > p.head then
      p.before, p.before_ok, p.before_bad = p.head, p.head_ok, p.head_bad
      p.last = call('LINDEX', POOL, -1)
      p.n = p.n + 1
      if p.n == 1 then p.first, p.first_ok, p.first_bad = p.before, p.before_ok, p.before_bad end
      p.head, p.head_ok, p.head_bad = present, 0, 0
    end
    p.head_ok, p.head_bad = p.head_ok + succeeded, p.head_bad + failed
    p.ok, p.bad = p.ok + succeeded, p.bad + failed
  end
  if not p then return nil end

  local function older(place)
    if p.before then
      if place == 0 then return p.before, p.before_ok, p.before_bad end
      place = place - 1
    end
    local found = not p.begins and call('LINDEX', POOL, place)
    if found then return bucket(found) end
  end

  local windows = rules.windows
  if windows == 0 then windows = math.min(math.max(math.floor(voters / 2), 3), math.max(voters, 1)) end
  local wanted = rules.window * windows
  while p.n > 0 and (p.first < oldest or p.ok + p.bad - p.first_ok - p.first_bad >= wanted) do
    p.ok, p.bad, p.n = p.ok - p.first_ok, p.bad - p.first_bad, p.n - 1
    if p.n > 0 then
      p.first, p.first_ok, p.first_bad = older(p.n - 1)
      if not p.first then -- the list is lost
        p.n, p.ok, p.bad = 0, p.head_ok, p.head_bad
      end
    end
  end
  while p.ok + p.bad < wanted do
    local at, ok, bad = older(p.n)
    if not at or at < oldest or garbage then break end
    p.first, p.first_ok, p.first_bad = at, ok, bad
    p.ok, p.bad, p.n = p.ok + ok, p.bad + bad, p.n + 1
  end
  p.wanted = wanted
  return p
end

-- The calls that a window lacks until it is full count as successes.
local function carries(p, rules)
  return p.bad * 1000000 >= rules.threshold * math.max(p.ok + p.bad, p.wanted)
end

-- Writes what has to be beside the field, and returns the field.
local function keep(p, rules)
  if p.begins then call('DEL', POOL) end
  if p.before then
    local last = p.last
    call('LPUSH', POOL, string.format('%.0f %.0f %.0f', p.before, p.before_ok, p.before_bad))
    while last and bucket(last) < p.oldest do
      call('RPOP', POOL)
      last = call('LINDEX', POOL, -1)
    end
    call('PEXPIREAT', POOL, math.ceil((t + rules.keep * 2) / 1000))
  end
  return string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f', p.head, p.head_ok, p.head_bad, p.n, p.ok,
    p.bad, p.first or 0, p.first_ok or 0, p.first_bad or 0)
end

-- Whether one number is larger, both as text.
local function above(a, b)
  return #a > #b or (#a == #b and a > b)
end
