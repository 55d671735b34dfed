-- What wrk sends, by the environment that benchmarks/load.py sets; one line of JSON at the end.

local kind = os.getenv("BENCH_KIND")
local path = os.getenv("BENCH_PATH")
local name = os.getenv("BENCH_NAME")
local skus = tonumber(os.getenv("BENCH_SKUS"))
local locations = tonumber(os.getenv("BENCH_LOCATIONS"))
local expected = tonumber(os.getenv("BENCH_STATUS"))
local template = os.getenv("BENCH_BODY")
local names = {}
if os.getenv("BENCH_NAMES") ~= "" then
  for line in io.lines(os.getenv("BENCH_NAMES")) do table.insert(names, line) end
end
local bearer = "Bearer " .. os.getenv("BENCH_TOKEN")

local bodies = {}
for body in string.gmatch(template, "[^\n]+") do
  table.insert(bodies, body)
end

local threads = {}
local counter = 0
wrong = 0
example = ""

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(args)
  math.randomseed(os.time() + number * 7919)
  headers = { ["Authorization"] = bearer }
  if template ~= "" then
    headers["Content-Type"] = "application/json"
  end
end

function request()
  if kind == "fixed" then
    return wrk.format("GET", path, headers)
  end
  if kind == "asked" then
    return wrk.format("POST", path, headers, bodies[math.random(#bodies)])
  end
  local somebody = #names > 0 and names[math.random(#names)] or ""
  if kind == "about" then
    return wrk.format("GET", string.format(path, somebody), headers)
  end
  local first = math.random(0, skus - 1)
  if kind == "availability" then
    return wrk.format("GET", string.format("%s?sku=SKU-%04d", path, first), headers)
  end
  local second = (first + math.random(1, math.max(1, skus - 1))) % skus
  counter = counter + 1
  headers["Idempotency-Key"] = string.format("%s-%d-%09d", name, number, counter)
  if kind == "return" then
    return wrk.format("POST", path, headers, string.format(template, names[(counter - 1) % #names + 1]))
  end
  -- A hold's body has no place for the second SKU, most have none for a customer, and leave them out.
  return wrk.format("POST", path, headers,
    string.format(template, math.random(0, locations - 1), first, second, somebody))
end

function response(status, _, body)
  if status ~= expected then
    wrong = wrong + 1
    if wrong == 1 then
      example = status .. " " .. string.sub(body, 1, 500)
    end
  end
end

function done(summary, latency, _)
  local bad, first = 0, ""
  for _, thread in ipairs(threads) do
    bad = bad + thread:get("wrong")
    if first == "" then first = thread:get("example") end
  end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"wrong":%d,"broken":%d}\n%s\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, bad,
    errors.connect + errors.read + errors.write + errors.timeout, first))
end
