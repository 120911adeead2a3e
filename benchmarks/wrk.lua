-- One request from the environment, repeated; the last line printed is one JSON object with the figures.
wrk.method = os.getenv("SHOT_METHOD") or "GET"
local body = os.getenv("SHOT_BODY") or ""
if body ~= "" then wrk.body = body end
for line in (os.getenv("SHOT_HEADERS") or ""):gmatch("[^\n]+") do
  local name, value = line:match("^([^:]+): (.*)$")
  wrk.headers[name] = value
end

function done(summary, latency, requests)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('{"rate": %.2f, "p50": %.3f, "p99": %.3f, "bad": %d}\n',
    (summary.requests - errors.status) / (summary.duration / 1e6),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
