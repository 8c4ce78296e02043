// SPDX-License-Identifier: ISC
// restart.mjs: keepd is restarted, and then upgraded to other program files,
// while clients of both eras work: nobody has to authorize again, sessions
// of the old era go on, what was acknowledged is there once, and each request
// that failed is counted by how.  argv[2]: clients.

import { spawn } from 'node:child_process';
import { test, done, ok, eq, http, connect, register, refresh, rpc, call,
    mcpRequest, instance, sleep, until, Fail, MODERN, TESTS }
    from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const CLIENTS = Number(process.argv[2] ?? 10);
const RESTARTS = 3;
const OLD = '2025-11-25';

const admin = await connect(base, 'admin', process.env.K_PW_ADMIN);
await call(base, admin.access, 'save_table', { table: { name: 'restarts',
    fields: [{ fieldName: 'tag', fieldType: 'text' }] } });

// The clients' loop must go on meanwhile: no synchronous child.
const sh = (script) => new Promise((resolve, reject) => {
	const p = spawn('sh', ['-c', `. "${TESTS}/lib.sh"; ${script}`], { env:
	    { ...process.env, K_DIR: keepd.dir, K_TESTS: TESTS }, stdio:
	    ['ignore', 'pipe', 'pipe'] });
	let said = '';
	p.stdout.on('data', (d) => { said += d; });
	p.stderr.on('data', (d) => { said += d; });
	p.on('close', (c) => c === 0 ? resolve(said) :
	    reject(new Fail(`${script}: status ${c}: ${said}`)));
});

let stop = false, good = 0, refreshed = 0;
const faults = new Map(), lost = [];
const fault = (k) => faults.set(k, (faults.get(k) ?? 0) + 1);

// An answer, or null where the request failed in a way that a restart
// explains: refused, cut, 502 (outcome unknown) or 503 (not begun).
async function ask(c, method, params) {
	const q = mcpRequest(method, params, { era: c.era, token: c.g.access,
	    headers: c.session ? { 'Mcp-Session-Id': c.session } : {} });
	let r;
	try {
		r = await http(base, 'POST', '/mcp', q.headers, q.body,
		    { timeout: 30000 });
	} catch (e) {
		fault(e.code ?? (/closed/.test(e.message) ? 'closed' : e.message));
		return null;
	}
	if (r.status === 502 || r.status === 503) {
		fault(r.status);
		return null;
	}
	if (r.status !== 200)
		throw new Fail(`client ${c.n} (${c.era}): ${method} gave ` +
		    `${r.status} ${r.text.slice(0, 200)}`);
	good++;
	return r.json;
}
async function renew(c) {
	let r;
	try {
		r = await refresh(base, c.g);
	} catch (e) {
		fault(`refresh ${e.code ?? 'closed'}`);
		return;
	}
	if (r.status === 502 || r.status === 503) {
		fault(`refresh ${r.status}`);
		return;
	}
	if (r.status !== 200)
		throw new Fail(`client ${c.n}: refresh gave ${r.status} ` +
		    r.text.slice(0, 200));
	c.g.access = r.json.access_token;
	c.g.refresh = r.json.refresh_token;
	refreshed++;
}
async function work(c) {
	for (let i = 0; !stop; i++) {
		const tag = `c${c.n}-${i}`;
		// As often as it takes, under one requestId.
		for (;;) {
			const j = await ask(c, 'tools/call', { name:
			    'insert_entity_rows', arguments: { table: 'restarts',
			    rows: [{ tag }], requestId: tag } });
			if (j?.result && !j.result.isError)
				break;
			if (j)
				throw new Fail(`client ${c.n}: ${JSON.stringify(j)}`);
			await sleep(50);
		}
		c.rows++;
		await ask(c, 'tools/list', {});
		if (i % 5 === 4)
			await renew(c);
		await sleep(CLIENTS * 2);
	}
}

const clients = [];
await test(`${CLIENTS} clients sign in, half of them of each era`, async () => {
	const one = async (n) => {
		const c = { n, era: n % 2 ? MODERN : OLD, rows: 0, g: await connect(
		    base, 'designer', process.env.K_PW_DESIGNER) };
		if (c.era === OLD) {
			const r = await rpc(base, c.g.access, 'initialize',
			    { protocolVersion: OLD, capabilities: {}, clientInfo:
			    { name: 't', version: '1' } }, { era: null });
			c.session = r.header('mcp-session-id');
			ok(c.session, 'session id');
		}
		clients.push(c);
	};
	for (let n = 0; n < CLIENTS; n += 4)
		await Promise.all([0, 1, 2, 3].filter((k) => n + k < CLIENTS)
		    .map((k) => one(n + k)));
	eq(clients.length, CLIENTS);
});
const version = async () => (await rpc(base, admin.access, 'initialize',
    { protocolVersion: OLD, capabilities: {}, clientInfo: { name: 't',
    version: '1' } }, { era: null })).json.result.serverInfo.version;

const grants = () => keepd.mustCtl('grant list').trim().split('\n').length;
const before = grants(), was = await version();
const working = clients.map((c) => work(c).catch((e) => {
	lost.push(e.message);
}));
const goesOn = async (what) => {
	const from = good;
	await until(() => good > from + CLIENTS || lost.length,
	    `service after ${what}`, 60000);
	eq(lost.slice(0, 3), [], 'clients that were lost');
};

await test('control: without a restart nothing fails', async () => {
	await goesOn('nothing');
	eq(Object.fromEntries(faults), {}, 'failures');
});
for (let i = 1; i <= RESTARTS; i++)
	await test(`restart ${i}: clients go on by themselves`, async () => {
		await sh('k_stop && k_start');
		await goesOn('a restart');
	});
await test('upgrade: other program files, the same clients', async () => {
	await sh('k_upgrade && k_stop && k_start');
	await goesOn('the upgrade');
	const now = await version();
	ok(now !== was, `version ${now} is another than ${was}`);
});
stop = true;
await Promise.all(working);
await test('nobody was sent to the sign-in page, no session ended',
    async () => {
	eq(lost, [], 'clients that were lost');
	for (const c of clients) {
		ok(c.rows > 0, `client ${c.n} worked`);
		ok(await ask(c, 'tools/list', {}), `client ${c.n}, once more`);
	}
	eq(grants(), before, 'grants');
});
await test('what was acknowledged is there, once', async () => {
	const q = await call(base, admin.access, 'query_entity_table',
	    { table: 'restarts', take: 0 });
	eq(q.total, clients.reduce((n, c) => n + c.rows, 0), 'rows');
});
await test('control: a token that was never given is refused', async () => {
	eq((await rpc(base, 'x'.repeat(600), 'ping')).status, 401);
});
console.log(`# ${CLIENTS} clients: ${good} requests and ${refreshed} ` +
    `refreshes answered; failed while keepd was away and tried again: ` +
    JSON.stringify(Object.fromEntries(faults)));
done();
