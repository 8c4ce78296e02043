-- SPDX-License-Identifier: ISC
-- call.lua: wrk's requests: reads of one record, a different one each time.
-- BENCH_FILE names a file: the token, then an id a line.
local ids, token, n = {}, nil, 0
local f = assert(io.open(os.getenv("BENCH_FILE")))
token = f:read("*l")
for line in f:lines() do ids[#ids + 1] = line end
f:close()
local what = os.getenv("BENCH_WHAT") or "get_table"

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json, text/event-stream"
wrk.headers["Authorization"] = "Bearer " .. token
wrk.headers["MCP-Protocol-Version"] = "2025-11-25"

function init(args)
	n = math.random(#ids)
end

function request()
	n = n % #ids + 1
	local body
	if what == "list" then
		body = '{"jsonrpc":"2.0","id":' .. n ..
		    ',"method":"tools/list","params":{}}'
	else
		body = '{"jsonrpc":"2.0","id":' .. n ..
		    ',"method":"tools/call","params":{"name":"get_table",' ..
		    '"arguments":{"id":"' .. ids[n] .. '"}}}'
	end
	return wrk.format(nil, "/mcp", nil, body)
end

local bad = 0
function response(status, headers, body)
	if status ~= 200 or body:find('"isError":true', 1, true) then
		bad = bad + 1
		if bad == 1 then io.stderr:write(status, " ", body, "\n") end
	end
end

function done(summary, latency, requests)
	io.write(string.format("RESULT %d %.0f %.0f %.0f %d\n",
	    summary.requests, summary.requests * 1e6 / summary.duration,
	    latency:percentile(50), latency:percentile(99),
	    summary.errors.status + summary.errors.connect +
	    summary.errors.read + summary.errors.timeout))
end
