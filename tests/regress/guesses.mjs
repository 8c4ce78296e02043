// SPDX-License-Identifier: ISC
// guesses.mjs: guessing passwords, with limits on.

import { test, done, ok, eq, has, ne, Agent, authorizeUrl, register, pkce,
    connect, refresh, rpc, instance } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const client = await register(base);
const flow = () => authorizeUrl(base, { client_id: client.client_id,
    code_challenge: pkce().challenge });
const guess = async (agent, user, password) => {
	const page = await agent.get(flow());
	return agent.submit(page, { username: user, password });
};

let known;
await test('a browser that signed in keeps a device cookie', async () => {
	known = new Agent(base);
	await known.approve(flow(), 'designer', process.env.K_PW_DESIGNER);
	ok(known.jar.has('keepd-device'), 'device cookie');
});
await test('guesses on one user are stopped, in words, with Retry-After',
    async () => {
	const a = new Agent(base);
	let limited = null, n = 0;
	for (; n < 60 && !limited; n++) {
		const r = await guess(a, 'designer', `guess ${n}`);
		if (r.status === 429)
			limited = r;
		else
			has(r.text, /password/i);
	}
	ok(limited, `limited within ${n} guesses`);
	has(limited.header('retry-after') ?? '', /^[1-9]\d*$/, 'Retry-After');
	has(limited.header('content-type'), 'text/html');
	has(limited.text, /try again|wait|later/i);
});
await test('then even the right password is refused to that browser',
    async () => {
	const r = await guess(new Agent(base), 'designer',
	    process.env.K_PW_DESIGNER);
	ne(r.status, 303, 'status');
});
await test('but the browser that signed in before is let in', async () => {
	const r = await guess(known, 'designer', process.env.K_PW_DESIGNER);
	eq(r.status, 303, 'status');
});
await test('an unknown user is stopped in the same words', async () => {
	const a = new Agent(base);
	const texts = new Set();
	let limited = null;
	for (let n = 0; n < 60 && !limited; n++) {
		const r = await guess(a, 'nobody-here', `guess ${n}`);
		if (r.status === 429)
			limited = r;
		else
			texts.add(r.text.match(/role="?alert"?[^>]*>([^<]*)/)?.[1]);
	}
	ok(limited, 'limited');
	eq(texts.size <= 1, true, `texts ${[...texts]}`);
});
await test('refresh: no flood of refreshes hides a replay', async () => {
	const g = await connect(base, 'viewer', process.env.K_PW_VIEWER,
	    { agent: new Agent(base) });
	let last = g, n = 0;
	for (; n < 400; n++) {
		const r = await refresh(base, g, last.refresh);
		if (r.status === 429)
			break;
		eq(r.status, 200, `refresh ${n}`);
		last = { access: r.json.access_token,
		    refresh: r.json.refresh_token };
	}
	ok(n > 9 && n < 400, `limited after ${n}`);
	eq((await rpc(base, last.access, 'ping')).status, 200, 'control');
	const r = await refresh(base, g);
	eq([r.status, r.json.error], [400, 'invalid_grant'], 'the first token');
	eq((await rpc(base, last.access, 'ping')).status, 401, 'the last access');
});
await test('no guess is in a log or an audit record', async () => {
	const all = keepd.must('k_server_log; k_ctl audit tail -n 1000; ' +
	    'cat "$K_DIR/out"');
	for (const w of ['guess 1', process.env.K_PW_DESIGNER])
		eq(all.includes(w), false, `record holds ${w}`);
});
done();
