// SPDX-License-Identifier: ISC
// kills.mjs: random SIGKILL of one role after another under load, then the
// bookkeeping: every row, token and record that was acknowledged is there,
// none is doubled, and nobody waited longer than 10 s.
// argv[2]: kills of each role.
//
// The bookkeeper is tried first: told of a row that was never written, and of
// one written twice, it must complain.

import { test, done, ok, eq, http, postForm, mcpRequest, connect, register,
    refresh, rpc, call, instance, sleep, until, Fail } from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const KILLS = Number(process.argv[2] ?? 5);
const ROLES = ['listener', 'authd', 'pwhash', 'toold'];
const WRITERS = 20, READERS = 20, REFRESHERS = 10, SIGNERS = 2, MAX_MS = 10000;

const admin = await connect(base, 'admin', process.env.K_PW_ADMIN);
const table = 'kills';
await call(base, admin.access, 'save_table', { table: { name: table, fields: [
    { fieldName: 'tag', fieldType: 'text' }] } });

let stop = false, slowest = 0, asked = 0, longest = '';
const faults = new Map();
const timed = async (what, fn) => {
	const t0 = performance.now();
	asked++;
	try {
		return await fn();
	} finally {
		const ms = performance.now() - t0;
		if (ms > slowest) {
			slowest = ms;
			longest = what;
		}
	}
};
const fault = (k) => faults.set(k, (faults.get(k) ?? 0) + 1);

// One try; gives null where there was no answer that says what happened.
const post = (token, name, args) => timed(name, async () => {
	const q = mcpRequest('tools/call', { name, arguments: args }, { token });
	try {
		const r = await http(base, 'POST', '/mcp', q.headers, q.body,
		    { timeout: 30000 });
		if (r.status !== 200)
			fault(r.status);
		return r;
	} catch (e) {
		fault(e.code ?? 'closed');
		return null;
	}
});

const acked = new Set();
// Everybody is signed in before the first kill, so that all are in flight.
const entered = [];
async function enter() {
	const who = [...Array.from({ length: WRITERS }, () => ['designer',
	    process.env.K_PW_DESIGNER]), ...Array.from({ length: READERS +
	    REFRESHERS }, () => ['viewer', process.env.K_PW_VIEWER])];
	for (const [u, p] of who)
		entered.push(await connect(base, u, p));
}
async function writer(n) {
	const u = entered[n];
	for (let i = 0; !stop; i++) {
		const tag = `w${n}-${i}`;
		const args = { table, rows: [{ tag }], requestId: tag };
		// Until it is known to be in: the same requestId each time.
		for (;;) {
			const r = await post(u.access, 'insert_entity_rows', args);
			if (r?.status === 200 && r.json.result &&
			    !r.json.result.isError) {
				acked.add(tag);
				break;
			}
			if (r?.status === 401)
				throw new Fail(`writer ${n} was logged out`);
			if (r?.status === 200)
				throw new Fail(`${tag}: ${r.text.slice(0, 200)}`);
			await sleep(20 + Math.random() * 50);
		}
	}
}
async function reader(n) {
	const u = entered[WRITERS + n];
	while (!stop) {
		const r = await post(u.access, 'query_entity_table', { table,
		    take: 1 });
		if (r?.status === 401)
			throw new Fail(`reader ${n} was logged out`);
		if (r?.status !== 200)
			await sleep(20 + Math.random() * 50);
	}
}
const chains = [];
async function refresher(n) {
	const u = entered[WRITERS + READERS + n];
	const chain = { g: u, token: u.refresh, access: u.access, n };
	chains.push(chain);
	while (!stop) {
		const r = await timed('refresh', () => refresh(base, u, chain.token)
		    .catch(() => null));
		if (r?.status === 200) {
			chain.token = r.json.refresh_token;
			chain.access = r.json.access_token;
		} else if (r && r.status < 500 && r.status !== 429)
			throw new Fail(`refresher ${n}: ${r.status} ${r.text}`);
		await sleep(20 + Math.random() * 50);
	}
}
const granted = [], quarters = [];
async function signer() {
	while (!stop) {
		const t0 = Date.now();
		try {
			granted.push(await connect(base, 'viewer',
			    process.env.K_PW_VIEWER));
		} catch (e) {
			fault(`sign-in: ${String(e.message).replace(/[:?].*/s, '')}`);
		}
		await sleep(Math.max(0, 300 - (Date.now() - t0)));
	}
}

// Kill a process of the role that was first seen age ms ago, or none.
const seen = new Map();
function kill(role, age) {
	const pids = keepd.sh(`k_role_pids ${role}`).out.trim().split('\n')
	    .filter(Boolean).map(Number);
	for (const p of pids)
		if (!seen.has(p))
			seen.set(p, Date.now());
	const old = pids.filter((p) => Date.now() - seen.get(p) >= age);
	if (!old.length)
		return false;
	try {
		process.kill(old[Math.floor(Math.random() * old.length)],
		    'SIGKILL');
	} catch {
		return false;	// it was just replaced
	}
	return true;
}

async function killer() {
	const plan = [];
	for (const r of ROLES)
		for (let i = 0; i < KILLS; i++)
			plan.push(r);
	for (let i = plan.length - 1; i > 0; i--) {
		const j = Math.floor(Math.random() * (i + 1));
		[plan[i], plan[j]] = [plan[j], plan[i]];
	}
	let done_ = 0;
	for (const role of plan) {
		await sleep(100 + Math.random() * 500);
		// One in ten dies as soon as it is seen, so that the back-off of
		// master is felt; the others in the middle of their work.
		const age = Math.random() < 0.1 ? 0 : 1000;
		await until(() => kill(role, age), `a process of ${role}`, 20000);
		done_++;
		if (done_ % (plan.length / 4) === 0)
			quarters.push(granted.length);
	}
	return done_;
}

// ---- the bookkeeper ----

async function rowsByTag() {
	const count = new Map();
	for (let skip = 0; ; skip += 1000) {
		const q = await call(base, admin.access, 'query_entity_table',
		    { table, take: 1000, skip, order: { id: 'ASC' } });
		for (const r of q.rows)
			count.set(r.tag, (count.get(r.tag) ?? 0) + 1);
		if (q.count < 1000)
			return count;
	}
}
function audit(acknowledged, count) {
	const lost = [...acknowledged].filter((t) => !count.has(t));
	const twice = [...count].filter(([, n]) => n > 1).map(([t]) => t);
	return [...lost.map((t) => `lost ${t}`), ...twice.map((t) =>
	    `twice ${t}`)];
}

await test('control: the bookkeeper finds a lost and a doubled row',
    async () => {
	await call(base, admin.access, 'insert_entity_rows', { table,
	    rows: [{ tag: 'x' }, { tag: 'x' }, { tag: 'y' }] });
	eq(audit(new Set(['x', 'y', 'z']), await rowsByTag()),
	    ['lost z', 'twice x']);
	await call(base, admin.access, 'delete_entity_rows', { table,
	    where: { tag: 'x' } });
	await call(base, admin.access, 'delete_entity_rows', { table,
	    where: { tag: 'y' } });
	eq(audit(new Set(), await rowsByTag()), []);
});

let work;
await enter();
await test(`${KILLS} kills of each role with ${WRITERS + READERS +
    REFRESHERS} requests in flight`, async () => {
	work = [
		...Array.from({ length: WRITERS }, (_, i) => writer(i)),
		...Array.from({ length: READERS }, (_, i) => reader(i)),
		...Array.from({ length: REFRESHERS }, (_, i) => refresher(i)),
		...Array.from({ length: SIGNERS }, () => signer()),
	];
	const failed = Promise.all(work);
	failed.catch(() => {});
	await until(() => acked.size > 50, 'load', 60000);
	const n = await Promise.race([killer(), failed.then(() => -1)]);
	eq(n, KILLS * ROLES.length, 'kills');
	await sleep(1000);
	stop = true;
	await failed;
	await until(() => keepd.sh('k_healthy').status === 0, 'service');
	ok(faults.size > 0, 'control: the kills were felt');
	ok(granted.length > KILLS, `sign-ins between the kills ${granted.length}`);
	ok(quarters.every((n, i) => n > (quarters[i - 1] ?? 0)),
	    `sign-ins after each quarter of the kills: ${quarters}`);
});
stop = true;
await Promise.allSettled(work ?? []);
console.log(`# ${asked} requests, ${acked.size} rows acknowledged, ` +
    `${granted.length} sign-ins, slowest ${Math.round(slowest)} ms (${longest
    }), without a good answer: ` +
    [...faults].map(([k, n]) => `${k}×${n}`).join(' '));
await test('every acknowledged row is there, none twice', async () => {
	eq(audit(acked, await rowsByTag()).slice(0, 10), []);
	ok(acked.size > 50, `rows ${acked.size}`);
});
await test('every row has exactly one audit record', async () => {
	const rows = await rowsByTag();
	const records = () => keepd.mustCtl('audit tail -j -n 1000000')
	    .trim().split('\n').map((l) => JSON.parse(l)).filter((r) =>
	    JSON.stringify(r).includes('insert_entity_rows') &&
	    JSON.stringify(r).includes('designer') &&
	    !/repeated requestId/.test(JSON.stringify(r)) &&
	    /"(ok|done|success)"/i.test(JSON.stringify(r)));
	await until(() => records().length >= rows.size, 'audit records')
	    .catch(() => {});
	eq(records().length, rows.size, 'records of rows');
});
await test('every refresh chain goes on, every token works', async () => {
	for (const c of chains) {
		eq((await rpc(base, c.access, 'ping')).status, 200,
		    `access token of chain ${c.n}`);
		const r = await refresh(base, c.g, c.token);
		eq(r.status, 200, `chain ${c.n}: ${r.text}`);
	}
	for (const g of granted)
		eq((await rpc(base, g.access, 'ping')).status, 200, 'sign-in');
});
await test('nobody waited longer than 10 s', () => {
	ok(slowest < MAX_MS, `slowest ${Math.round(slowest)} ms, ${longest}`);
});
done();
