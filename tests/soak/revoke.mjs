// SPDX-License-Identifier: ISC
// revoke.mjs: 64 keep-alive connections over all listeners, all busy with one
// warm token, while an admin revokes it.  Whatever is sent after keepctl
// returned must not be answered with 200.  argv[2]: rounds.
//
// The judge itself is tried first: with a command that revokes nothing it
// must find the violation.

import { spawn } from 'node:child_process';
import { test, done, ok, eq, Conn, requestBytes, mcpRequest, connect, register,
    instance, Fail, until } from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const ROUNDS = Number(process.argv[2] ?? 50);
const CONNS = 64;
const client = await register(base);

const ctl = (args) => new Promise((resolve, reject) => {
	const p = spawn('sh', ['-c', `. "${process.env.K_TESTS}/lib.sh"; ` +
	    `k_exec_ctl ${args}`], { stdio: ['ignore', 'pipe', 'pipe'] });
	let out = '';
	p.stdout.on('data', (d) => { out += d; });
	p.stderr.on('data', (d) => { out += d; });
	p.on('exit', (code) => code === 0 ? resolve(out) :
	    reject(new Fail(`keepctl ${args}: ${code}: ${out}`)));
});
const grantId = async () => {
	const l = (await ctl('grant list')).split('\n')
	    .filter((x) => x.includes(client.client_id));
	eq(l.length, 1, 'grants of the client');
	return l[0].trim().split(/\s+/)[0];
};

// One connection that asks again as soon as it was answered.
class Busy {
	constructor() {
		this.codes = new Map();
		this.stop = false;
	}
	async run(request) {
		this.c = await Conn.open(base, { timeout: 20000 });
		while (!this.stop) {
			const code = await this.ask(request);
			this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
		}
	}
	async ask(request) {
		for (let i = 0; i < 3; i++) {
			if (this.c.ended) {
				this.c.close();
				this.c = await Conn.open(base, { timeout: 20000 });
			}
			const r = await this.c.send(request).read('POST');
			if (r !== null)
				return r.status;
		}
		return 0;		// closed: certainly not 200
	}
}

// act() is what should end the token; gives the codes of what came after.
export async function round(act, settle = 30) {
	const g = await connect(base, 'viewer', process.env.K_PW_VIEWER,
	    { client });
	const q = mcpRequest('tools/call', { name: 'list_tables', arguments: {} },
	    { token: g.access });
	const request = requestBytes(base, 'POST', '/mcp', q.headers, q.body);
	const all = Array.from({ length: CONNS }, () => new Busy());
	const running = all.map((b) => b.run(request));
	try {
		await until(() => all.every((b) => b.codes.get(200) >= 2),
		    'warm connections', 15000);
		await new Promise((r) => setTimeout(r, Math.random() * settle));
		await act(g);
	} finally {
		// From here on everything that is sent is sent afterwards.
		for (const b of all)
			b.stop = true;
	}
	await Promise.all(running);
	const codes = [];
	for (let i = 0; i < 2; i++)
		codes.push(...await Promise.all(all.map((b) => b.ask(request))));
	for (const b of all)
		b.c.close();
	return codes;
}

export const revoke = async () => ctl(`grant revoke ${await grantId()}`);
const bad = (codes) => codes.filter((c) => c === 200).length;

await test('control: the judge finds it when nothing was revoked', async () => {
	const codes = await round(() => ctl('grant list'));
	eq(bad(codes), 2 * CONNS, 'answers with 200');
	await revoke();
});
await test(`${ROUNDS} rounds: nothing sent after keepctl returned got 200`,
    async () => {
	for (let i = 0; i < ROUNDS; i++) {
		const codes = await round(revoke);
		eq(bad(codes), 0, `round ${i}: answers with 200 of ${codes.length}`);
		ok(codes.every((c) => c === 401 || c === 0 || c === 503),
		    `round ${i}: codes ${[...new Set(codes)]}`);
		ok(codes.filter((c) => c === 401).length > CONNS,
		    `round ${i}: codes ${[...new Set(codes)]}`);
	}
});
await test('the same with toold stopped', async () => {
	const rounds = Math.max(1, Math.round(ROUNDS / 50));
	for (let i = 0; i < rounds; i++) {
		let pid;
		const codes = await round(async () => {
			const id = await grantId();
			pid = Number(keepd.must('k_role_pids toold').trim());
			process.kill(pid, 'SIGSTOP');
			await ctl(`grant revoke ${id}`);
		});
		try {
			process.kill(pid, 'SIGCONT');
		} catch {
			// the master killed it, as it should
		}
		eq(bad(codes), 0, `round ${i}: answers with 200`);
		await until(() => keepd.sh('k_healthy').status === 0,
		    'service again');
	}
});
await test('the same by client, by user and by everybody', async () => {
	for (const how of [(g) => `-c ${g.client.client_id}`, () => '-u viewer',
	    () => '-a']) {
		const codes = await round((g) => ctl(`grant revoke ${how(g)}`));
		eq(bad(codes), 0, `${how({ client })}: answers with 200`);
	}
});
if (process.env.K_FULL_DISK)
	await test('the same on a full disk', async () => {
		const codes = await round(async () => {
			const id = await grantId();
			keepd.sh('dd if=/dev/zero of="$K_DIR/state/filler" bs=64k ' +
			    '2>/dev/null; dd if=/dev/zero of="$K_DIR/state/filler2"' +
			    ' bs=1 2>/dev/null');
			eq(keepd.sh('echo x >"$K_DIR/state/x"').status !== 0 ||
			    keepd.sh('df --output=avail "$K_DIR/state" | tail -n 1')
			    .out.trim() === '0', true, 'control: disk is full');
			await ctl(`grant revoke ${id}`);
		});
		eq(bad(codes), 0, 'answers with 200');
		// and it stays revoked over a restart
		keepd.must('k_stop; rm -f "$K_DIR"/state/filler*; k_start');
		eq((await ctl('grant list')).includes(client.client_id), false,
		    'listed after a restart');
		const again = await round(revoke);
		eq(bad(again), 0, 'afterwards');
	});
done();
