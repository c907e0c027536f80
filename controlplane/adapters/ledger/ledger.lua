-- The books of all control planes in Redis. Redis runs this as one step, so a batch of calls is atomic.
--
-- ARGV[1] is a list of calls in MessagePack, the answer a list of replies, each in MessagePack. A call is
--   {name, {now, end of its day, end of its month}, arguments...}, times in whole milliseconds.
-- ARGV[2] is the edition of the books that the caller knows. Where they are another (they were filled
-- anew) or none (Redis is new, was wiped, or was started anew), nothing is done and the answer is nil;
-- only "begin" and "fill" work then.
--
-- All numbers are whole and below 2^53, which doubles hold exactly; `controlplane/policy/windows.py`
-- and `book.py` compute the same in Python. MessagePack writes whole numbers as integers.
--
-- Under the key KEYS[1], which is the mark that the books are filled and tells their edition:
--   :filling      the edition that is being filled, by one process or several
--   :server       which start of Redis the books were last met at (`server.py`)
--   :payer:ID     a payer's book, as below
--   :lease:ID     {payers {{id, limits or nil}...}, {requests, tokens, credits}, account or '', 1 or 0: whether
--                 it is one of the requests at a time; a lease of the previous release does not say so and is one}
--   :counted:ID   this lease's spending has counted (forgotten after a while)
--   :deadlines    leases by their deadline, epoch seconds
--   :places       how many requests each account has

local BOOKS = KEYS[1]
local SCALE, LARGEST, DEEPEST = 60000, 1e11, -3e15
-- An outcome may come again as long as its data plane has not seen it acknowledged: seconds.
local COUNTED_FOR = 86400

-- A book is one array. These are the places before the three units' figures ...
local RESERVED, TOTAL, DAY_BASE, MONTH_BASE, OVERRUN = 0, 3, 6, 9, 12
-- ... these of single figures ...
local OPEN, DAY_END, MONTH_END = 16, 17, 18
-- ... then each unit's bucket: limit (-1: there is none), level, when it was so, what was waived.
local function bucket(unit) return 15 + 4 * unit end

-- Limits are one array too: minute, day, month, total of each unit, then concurrency; -1: none.
local CONCURRENCY = 13
local NOTHING = {0, 0, 0}

local books, changed = {}, {}

local function blank(time)
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, time[2], time[3], -1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0}
end

-- The payer's book in the present day and month, to be changed.
local function book(id, time)
  local kept = books[id]
  if not kept then
    local packed = redis.call('GET', BOOKS .. ':payer:' .. id)
    kept = packed and cmsgpack.unpack(packed) or blank(time)
    -- The previous release takes a claim without a request for one of the requests at a time when it ends it.
    kept[OPEN] = math.max(kept[OPEN], 0)
    books[id] = kept
  end
  changed[id] = true
  if time[2] > kept[DAY_END] then
    kept[DAY_END] = time[2]
    for unit = 1, 3 do kept[DAY_BASE + unit] = kept[TOTAL + unit] end
  end
  if time[3] > kept[MONTH_END] then
    kept[MONTH_END] = time[3]
    for unit = 1, 3 do kept[MONTH_BASE + unit] = kept[TOTAL + unit] end
  end
  return kept
end

-- A bucket's level is this now, as far as it holds it; what is beyond makes up for what was waived.
local function level(kept, at, parts)
  local most = kept[at] * SCALE
  if parts > most then
    kept[at + 3] = math.max(kept[at + 3] - (parts - most), 0)
    parts = most
  end
  kept[at + 1] = math.max(DEEPEST, parts)
end

local function refill(kept, at, now)
  local passed = now - kept[at + 2]
  if passed > 0 then
    -- The product may be too large to be exact, but then it is larger than any bucket and what was waived.
    level(kept, at, kept[at + 1] + kept[at] * passed)
    kept[at + 2] = now
  end
end

local function change(kept, at, amount)
  level(kept, at, kept[at + 1] + math.max(-LARGEST, math.min(LARGEST, amount)) * SCALE)
end

-- Another limit holds from now on, see `Bucket.adapt`.
local function adapt(kept, at, limit)
  local raised = (limit - kept[at]) * SCALE
  if raised > 0 then
    local used = math.min(kept[at + 3], raised)
    kept[at + 1], kept[at + 3] = kept[at + 1] + raised - used, kept[at + 3] - used
  else
    local fitting = math.min(kept[at + 1], limit * SCALE)
    kept[at + 1], kept[at + 3] = fitting, math.min(kept[at + 3] + fitting - kept[at + 1] - raised, -DEEPEST)
  end
  kept[at] = limit
end

-- Buckets as of now; `adapting`: by these limits from now on.
local function prepare(kept, limits, now, adapting)
  for unit = 1, 3 do
    local limit, at = limits[unit * 4 - 3], bucket(unit)
    if limit >= 0 then
      if kept[at] < 0 then
        kept[at], kept[at + 1], kept[at + 2] = limit, limit * SCALE, now
      else
        refill(kept, at, now)
        if adapting then adapt(kept, at, limit) end
      end
    end
  end
end

-- Whether the limits of the units from `first` to `last` let the claim pass.
local function admits(kept, limits, wanted, first, last)
  for unit = first, last do
    if limits[unit * 4 - 3] >= 0 and kept[bucket(unit) + 1] < wanted[unit] * SCALE then return false end
    local due = kept[TOTAL + unit] + kept[RESERVED + unit] + wanted[unit]
    local day, month, total = limits[unit * 4 - 2], limits[unit * 4 - 1], limits[unit * 4]
    if day >= 0 and due - kept[DAY_BASE + unit] > day then return false end
    if month >= 0 and due - kept[MONTH_BASE + unit] > month then return false end
    if total >= 0 and due > total then return false end
  end
  return true
end

local function reserve(kept, limits, wanted)
  for unit = 1, 3 do
    kept[RESERVED + unit] = kept[RESERVED + unit] + wanted[unit]
    if limits and limits[unit * 4 - 3] >= 0 then change(kept, bucket(unit), -wanted[unit]) end
  end
end

-- What was spent counts; out of the buckets is taken what the claim did not.
local function spend(kept, limits, claimed, spent, now)
  for unit = 1, 3 do
    local cost, at = spent[unit], bucket(unit)
    kept[TOTAL + unit] = kept[TOTAL + unit] + cost
    if kept[at] >= 0 then
      refill(kept, at, now)
      change(kept, at, (limits and limits[unit * 4 - 3] >= 0 and claimed[unit] or 0) - cost)
    end
  end
end

local function some(spent)
  return spent[1] ~= 0 or spent[2] ~= 0 or spent[3] ~= 0
end

-- Whether this spending is the lease's first; from now on none other of it counts.
local function counts(id, spent)
  return some(spent) and redis.call('SET', BOOKS .. ':counted:' .. id, '', 'NX', 'EX', COUNTED_FOR)
end

local function in_flight(account)
  return account ~= '' and tonumber(redis.call('HGET', BOOKS .. ':places', account)) or 0
end

local function take(account)
  return account ~= '' and redis.call('HINCRBY', BOOKS .. ':places', account, 1) or 0
end

local function vacate(account)
  if account == '' then return 0 end
  local left = redis.call('HINCRBY', BOOKS .. ':places', account, -1)
  if left <= 0 then redis.call('HDEL', BOOKS .. ':places', account) end
  return math.max(left, 0)
end

local function find(id)
  local packed = redis.call('GET', BOOKS .. ':lease:' .. id)
  return packed and cmsgpack.unpack(packed) or nil
end

local function save(id, lease)
  redis.call('SET', BOOKS .. ':lease:' .. id, cmsgpack.pack(lease))
end

-- Hold a new lease; how many are at its account.
local function open(id, payers, wanted, deadline, account, time)
  local opened = math.min(wanted[1], 1)
  for _, payer in ipairs(payers) do
    local kept = book(payer[1], time)
    kept[OPEN] = kept[OPEN] + opened
    reserve(kept, payer[2], wanted)
  end
  save(id, {payers, wanted, account, opened})
  redis.call('ZADD', BOOKS .. ':deadlines', deadline, id)
  return take(account)
end

-- What a lease holds returns; how many stay at its account, and what was spent above the claim.
local function close(id, lease, spent, time)
  local claimed, overrun = lease[2], {0, 0, 0}
  for unit = 1, 3 do overrun[unit] = math.max(spent[unit] - claimed[unit], 0) end
  for _, payer in ipairs(lease[1]) do
    local kept = book(payer[1], time)
    kept[OPEN] = math.max(kept[OPEN] - (lease[4] or 1), 0)
    for unit = 1, 3 do
      kept[RESERVED + unit] = kept[RESERVED + unit] - claimed[unit]
      kept[OVERRUN + unit] = kept[OVERRUN + unit] + overrun[unit]
    end
    spend(kept, payer[2], claimed, spent, time[1])
  end
  redis.call('DEL', BOOKS .. ':lease:' .. id)
  redis.call('ZREM', BOOKS .. ':deadlines', id)
  return vacate(lease[3]), overrun
end

-- {id, limits or false, book} of each payer, with buckets as of now, for the answer to be explained.
local function show(payers, time)
  local shares = {}
  for place, payer in ipairs(payers) do
    local kept = book(payer[1], time)
    if payer[2] then prepare(kept, payer[2], time[1], false) end
    shares[place] = {payer[1], payer[2] or false, kept}
  end
  return shares
end

-- As `show`, of the first payer and only if it has limits.
local function first(payers, time)
  return payers[1][2] and show({payers[1]}, time) or {}
end

local calls = {}

function calls.reserve(time, id, payers, wanted, deadline, account, limit)
  local lease = find(id)
  if lease then return {'granted', in_flight(lease[3]), first(lease[1], time)} end
  local admitted, request = true, wanted[1] > 0
  for _, payer in ipairs(payers) do
    local kept, limits = book(payer[1], time), payer[2]
    if limits then
      prepare(kept, limits, time[1], true)
      if request and limits[CONCURRENCY] >= 0 and kept[OPEN] >= limits[CONCURRENCY] then admitted = false end
      admitted = admits(kept, limits, wanted, request and 1 or 2, 3) and admitted
    end
  end
  if not admitted then return {'denied', 0, show(payers, time)} end
  if limit > 0 then
    local present = in_flight(account)
    if present >= limit then return {'full', present} end
  end
  local present = open(id, payers, wanted, deadline, account, time)
  return {'granted', present, first(payers, time)}
end

function calls.restore(time, id, payers, wanted, deadline, account)
  if find(id) or redis.call('EXISTS', BOOKS .. ':counted:' .. id) == 1 then return in_flight(account) end
  return open(id, payers, wanted, deadline, account, time)
end

function calls.move(_, id, account, limit)
  local lease = find(id)
  if not lease then return {'absent'} end
  local left, present = vacate(lease[3]), in_flight(account)
  local full = limit > 0 and present >= limit
  lease[3] = full and '' or account
  save(id, lease)
  if full then return {'full', present} end
  return {'granted', account == '' and left or take(account), {}}
end

function calls.extend(time, id, tokens)
  local lease = find(id)
  if not lease then return {'absent'} end
  local more, admitted = {0, tokens, 0}, true
  for _, payer in ipairs(lease[1]) do
    if payer[2] then
      local kept = book(payer[1], time)
      prepare(kept, payer[2], time[1], false)
      admitted = admits(kept, payer[2], more, 2, 2) and admitted
    end
  end
  if not admitted then return {'denied', 0, show(lease[1], time)} end
  for _, payer in ipairs(lease[1]) do reserve(book(payer[1], time), payer[2], more) end
  lease[2][2] = lease[2][2] + tokens
  save(id, lease)
  return {'granted', in_flight(lease[3]), {}}
end

function calls.settle(time, bookings)
  local replies = {}
  for place, booking in ipairs(bookings) do
    local id, lease = booking[1], find(booking[1])
    if lease then
      local left, overrun = close(id, lease, counts(id, booking[2]) and booking[2] or NOTHING, time)
      replies[place] = {lease[3], left, overrun}
    else
      replies[place] = {}
    end
  end
  return replies
end

function calls.book(time, bookings)
  for _, booking in ipairs(bookings) do
    local id, payer, spent = booking[1], booking[2], booking[3]
    if counts(id, spent) then spend(book(payer, time), nil, spent, spent, time[1]) end
  end
  return true
end

function calls.keep(_, ids, deadline)
  for _, id in ipairs(ids) do redis.call('ZADD', BOOKS .. ':deadlines', 'XX', deadline, id) end
  return true
end

function calls.expire(time, most)
  local now = string.format('%.0f', math.floor(time[1] / 1000))
  local ids = redis.call('ZRANGEBYSCORE', BOOKS .. ':deadlines', '-inf', now, 'LIMIT', 0, most)
  for _, id in ipairs(ids) do
    local lease = find(id)
    if lease then close(id, lease, NOTHING, time) else redis.call('ZREM', BOOKS .. ':deadlines', id) end
  end
  return ids
end

-- The books as they were left: who asks turns them to the present.
function calls.read(time, ids)
  local shown = {}
  for place, id in ipairs(ids) do
    local packed = redis.call('GET', BOOKS .. ':payer:' .. id)
    shown[place] = books[id] or packed and cmsgpack.unpack(packed) or blank(time)
  end
  return shown
end

function calls.places()
  return redis.call('HGETALL', BOOKS .. ':places')
end

-- The edition of the books, and whether they are filled. If they are not, the one that is being filled,
-- by whoever came first; others fill it with him, and whoever has done all of it ends it.
function calls.begin(_, edition)
  local present = redis.call('GET', BOOKS)
  if present then return {present, true} end
  redis.call('SET', BOOKS .. ':filling', edition, 'NX')
  return {redis.call('GET', BOOKS .. ':filling'), false}
end

-- What the records say was spent: {id, {at, end of its day, of its month}, {requests, tokens, credits} of
-- the day, of the month, in total}. Books that are there may be old, and the records behind: the larger
-- counts. `last`: these were all, the books are filled.
function calls.fill(_, edition, payers, last)
  if redis.call('GET', BOOKS .. ':filling') ~= edition then return false end
  for _, payer in ipairs(payers) do
    local kept, time = book(payer[1], payer[2]), payer[2]
    for unit = 1, 3 do
      local before = kept[TOTAL + unit]
      local total, day, month = math.max(before, payer[5][unit]), before - kept[DAY_BASE + unit], before - kept[MONTH_BASE + unit]
      -- A book that is in a later day than the records knows its day better.
      if kept[DAY_END] == time[2] then day = math.max(day, payer[3][unit]) end
      if kept[MONTH_END] == time[3] then month = math.max(month, payer[4][unit]) end
      kept[TOTAL + unit], kept[DAY_BASE + unit], kept[MONTH_BASE + unit] = total, total - day, total - month
    end
  end
  if last then redis.call('RENAME', BOOKS .. ':filling', BOOKS) end
  return true
end

local batch = cmsgpack.unpack(ARGV[1])
local filling = batch[1][1] == 'begin' or batch[1][1] == 'fill'
if not filling and redis.call('GET', BOOKS) ~= ARGV[2] then return nil end
local replies = {}
for place, call in ipairs(batch) do
  -- Packed now: the next call may change a book that this reply shows.
  replies[place] = cmsgpack.pack(calls[call[1]](unpack(call, 2)))
end
for id in pairs(changed) do
  redis.call('SET', BOOKS .. ':payer:' .. id, cmsgpack.pack(books[id]))
end
return replies
