// SPDX-License-Identifier: ISC
// stops.mjs: SIGSTOP each process in turn while clients push as much as they
// can, then SIGCONT: nothing stays stuck, everybody is answered or told, and
// what does not need the stopped process goes on.  argv[2]: rounds.

import { test, done, ok, eq, oneOf, get, Conn, requestBytes, mcpRequest,
    connect, register, call, rpc, refresh, instance, sleep, until, Agent,
    authorizeUrl, pkce } from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const ROUNDS = Number(process.argv[2] ?? 1);
const admin = await connect(base, 'admin', process.env.K_PW_ADMIN);
await call(base, admin.access, 'save_table', { table: { name: 'stops',
    fields: [{ fieldName: 'n', fieldType: 'text' }] } });
const client = await register(base);
const flow = () => authorizeUrl(base, { client_id: client.client_id,
    code_challenge: pkce().challenge });

// A client that never waits for answers: the queues fill.
async function push(conns, per) {
	const all = [];
	for (let i = 0; i < conns; i++) {
		const c = await Conn.open(base, { timeout: 60000 });
		c.sent = 0;
		for (let k = 0; k < per; k++) {
			const q = k % 3 === 0 ? mcpRequest('tools/call', { name:
			    'insert_entity_rows', arguments: { table: 'stops',
			    rows: [{ n: 'x'.repeat(2000) }] } },
			    { token: admin.access }) : k % 3 === 1 ?
			    mcpRequest('tools/list', {}, { token: admin.access }) :
			    mcpRequest('ping', {}, { token: 'wrong-' + i });
			c.send(requestBytes(base, 'POST', '/mcp', q.headers, q.body));
			c.sent++;
		}
		all.push(c);
	}
	return all;
}
async function drain(all) {
	const codes = new Map();
	for (const c of all) {
		for (let k = 0; k < c.sent; k++) {
			const r = await c.read('POST').catch((e) =>
			    ({ status: `none (${e.message})` }));
			if (r === null)
				break;		// closed: told
			codes.set(r.status, (codes.get(r.status) ?? 0) + 1);
			if (String(r.status).startsWith('none'))
				break;
		}
		c.close();
	}
	return codes;
}
const works = async () => {
	eq((await get(base, '/healthz')).status, 200, 'health');
	const g = await connect(base, 'viewer', process.env.K_PW_VIEWER);
	eq((await rpc(base, g.access, 'tools/list')).status, 200);
	eq((await refresh(base, g)).status, 200);
	await call(base, admin.access, 'insert_entity_rows', { table: 'stops',
	    rows: [{ n: 'after' }] });
};

for (let round = 0; round < ROUNDS; round++)
	for (const role of ['toold', 'authd', 'pwhash', 'listener', 'master']) {
		await test(`${role} stopped with full queues, round ${round}`,
		    async () => {
			const pid = role === 'master' ?
			    Number(keepd.must('k_pid')) :
			    Number(keepd.must(`k_role_pids ${role}`).trim()
			    .split('\n')[0]);
			process.kill(pid, 'SIGSTOP');
			let all, alive = true;
			try {
				all = await push(24, 60);
				// Sign-ins pile up behind a stopped authd or pwhash.
				const signs = Array.from({ length: 8 }, () =>
				    new Agent(base, { timeout: 60000 }).signIn(flow(),
				    'viewer', process.env.K_PW_VIEWER)
				    .catch((e) => e));
				await sleep(3000);
				if (role === 'pwhash' || role === 'master') {
					// what does not need it goes on
					eq((await rpc(base, admin.access, 'ping',
					    {}, { timeout: 9000 })).status, 200,
					    'ping beside it');
				}
				try {
					process.kill(pid, 'SIGCONT');
				} catch {
					alive = false;	// replaced meanwhile
				}
				const codes = await drain(all);
				for (const k of codes.keys())
					oneOf(k, [200, 401, 429, 500, 502, 503],
					    `codes ${JSON.stringify([...codes])}`);
				ok([...codes.values()].reduce((a, b) => a + b, 0) > 24,
				    `answers ${JSON.stringify([...codes])}`);
				await Promise.all(signs);
			} finally {
				try {
					process.kill(pid, 'SIGCONT');
				} catch {
					alive = false;
				}
			}
			await until(() => keepd.sh('k_healthy').status === 0,
			    'service');
			await works();
		});
	}
done();
