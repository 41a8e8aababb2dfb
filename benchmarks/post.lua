-- Posts the deliveries of a file, each once, then from the beginning again.
-- A line is: signature, a tab, the body. wrk passes the file's name.

local requests = {}
local number = 0

function init(args)
  for line in io.lines(args[1]) do
    local tab = line:find("\t", 1, true)
    local headers = {
      ["Content-Type"] = "application/json",
      ["x-twitter-webhooks-signature"] = line:sub(1, tab - 1),
    }
    requests[#requests + 1] = wrk.format("POST", "/webhooks/x", headers, line:sub(tab + 1))
  end
end

function request()
  number = number % #requests + 1
  return requests[number]
end

function done(summary, latency, _)
  io.write(string.format(
    "figures %d %d %d %.3f %.3f\n",
    summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000
  ))
end
