-- Counts an opinion and decides anew.
local instance, session, sequence, opinion = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local succeeded, failed = tonumber(ARGV[6]), tonumber(ARGV[7])
local seen_incarnation, seen_epoch = ARGV[8], ARGV[9] -- '-' when nothing has been heard yet
local number_heard, order_heard, given = ARGV[10], ARGV[11], ARGV[12]

local s = read()
local offered = parse(given)
local rules = s.text == given and offered or parse(s.text)
local lapses = call('ZSCORE', K.members, instance)
local entry = call('HGET', K.roll, instance)
call('ZCARD', K.voters) -- a key of another type is found before anything is written
local suspected = call('ZCARD', K.suspects) > 0
if offered.evidence == 'counts' or succeeded + failed > 0 then
  call('ZCARD', K.buckets)
  call('HLEN', K.counts)
end
local known_session, known_sequence
if entry then
  known_session, known_sequence = string.match(entry, '^(%d+) (%d+)$')
  if not known_session then garbage = garbage or 'roll' end
end
if garbage then return refuse_garbage() end

local heard = entry and lapses and t < tonumber(lapses)
if heard and known_session ~= session then return 'name_taken' end
if rules and rules.fingerprint ~= offered.fingerprint and others(K.members, instance) then
  return 'settings_differ ' .. rules.fingerprint
end
if heard and not above(sequence, known_sequence) then return 'view ' .. view(s, votes(rules)) end

-- This write comes first, because it is one that a server without memory refuses.
call('HSET', K.roll, instance, session .. ' ' .. sequence)
put_off(s, offered.kept_for)
if not entry then end_with(s, K.roll) end
local lapse = int(t + offered.member_for)
repeat
  local gone = call('ZRANGEBYSCORE', K.members, '-inf', int(t), 'LIMIT', 0, 500)
  if #gone > 0 then
    call('ZREM', K.members, unpack(gone))
    call('ZREM', K.voters, unpack(gone))
    call('ZREM', K.suspects, unpack(gone))
    for place, name in ipairs(gone) do
      if name == instance then table.remove(gone, place) break end
    end
    if #gone > 0 then call('HDEL', K.roll, unpack(gone)) end
  end
until #gone < 499
s.text, rules = given, offered

be_born(s)
local same_life = seen_incarnation == int(s.incarnation)
if same_life and tonumber(seen_epoch) > s.epoch then
  -- The engine has lost its last writes. What it still has may be any mixture, so it begins a new life.
  close(s)
  s.incarnation, s.epoch, same_life = s.incarnation + 1, 0, false
end
-- A suspicion from before the fleet closed is no vote to open it again.
if opinion == 'suspect' and not s.since and same_life and s.epoch > tonumber(seen_epoch) then
  opinion = 'fine'
end
local function put(key, belongs)
  if not belongs then
    call('ZREM', key, instance)
  elseif call('ZADD', key, lapse, instance) == 1 then
    end_with(s, key)
  end
end
put(K.members, true)
put(K.voters, opinion ~= 'idle')
if suspected or opinion == 'suspect' then put(K.suspects, opinion == 'suspect') end

if above(number_heard, s.command) then
  s.command, s.order = number_heard, order_heard
  write_command(s, rules.kept_for)
end

if succeeded + failed > 0 or rules.evidence == 'counts' then
  local oldest = int(math.floor(math.max(t - rules.keep, 0) / rules.batch))
  local old = call('ZRANGEBYSCORE', K.buckets, '-inf', '(' .. oldest, 'LIMIT', 0, 2000)
  if #old > 0 then
    call('ZREM', K.buckets, unpack(old))
    for _, bucket in ipairs(old) do call('HDEL', K.counts, bucket .. ':ok', bucket .. ':bad') end
  end
  if succeeded + failed > 0 then
    local bucket = int(math.floor(t / rules.batch))
    local sums = call('HMGET', K.counts, bucket .. ':ok', bucket .. ':bad')
    local ok = math.min((tonumber(sums[1]) or 0) + succeeded, 1e15)
    local bad = math.min((tonumber(sums[2]) or 0) + failed, 1e15)
    call('HSET', K.counts, bucket .. ':ok', int(ok), bucket .. ':bad', int(bad))
    if call('ZADD', K.buckets, bucket, bucket) == 1 then
      end_with(s, K.buckets)
      end_with(s, K.counts)
    end
  end
end

local v = decide(s, rules)
write(s)
return 'view ' .. tell(s, v)
