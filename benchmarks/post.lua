-- Posts the deliveries of a file, each once, then from the beginning again.
-- A line is: signature, a tab, the body. wrk passes the file's name, and "once" to
-- fall silent when each delivery has been answered.

local requests = {}
local number = -1 -- wrk asks for one request that it never sends: the last, so that none is missed
local answered = 0

function init(args)
  if args[2] == "once" then
    response = function()
      answered = answered + 1
      if answered >= #requests then wrk.thread:stop() end
    end
  end
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
