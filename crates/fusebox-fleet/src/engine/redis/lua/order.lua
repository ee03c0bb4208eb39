-- Puts an operator's order in force, until the next one.
local order = ARGV[1]

local s = read()
local rules = parse(s.text)
local v = votes(s, rules)
if garbage then return refuse_garbage() end
local following = tonumber(s.command) + 1
s.command, s.order = int(math.max(math.floor(t / 1000), following)), order
local kept_for = rules and rules.kept_for or 10 * MINUTE
write_command(s, kept_for)
be_born(s)
put_off(s, kept_for)
write(s, rules)
return 'view ' .. tell(s, v)
