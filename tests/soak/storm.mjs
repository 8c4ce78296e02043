// SPDX-License-Identifier: ISC
// storm.mjs: 33 processes refresh one token at the same time, round after
// round, each going on from what it got: nobody is logged out, nothing
// outlives the revocation, and an old token that comes back ends the family.
// argv[2]: rounds.  Needs a movable clock (k_clock).

import { spawn } from 'node:child_process';
import { test, done, ok, eq, connect, register, refresh, rpc, instance }
    from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const ROUNDS = Number(process.argv[2] ?? 10);
const RACERS = 33;
const client = await register(base);
const works = async (t) => (await rpc(base, t, 'ping')).status;

const curl = (token) => new Promise((resolve) => {
	const p = spawn('curl', ['-s', '-m', '20', '-w', '\n%{http_code}',
	    '--data-urlencode', 'grant_type=refresh_token', '--data-urlencode',
	    `client_id=${client.client_id}`, '--data-urlencode',
	    `refresh_token=${token}`, base + '/token']);
	let out = '';
	p.stdout.on('data', (d) => { out += d; });
	p.on('close', () => {
		const i = out.lastIndexOf('\n');
		resolve({ status: Number(out.slice(i + 1)), text: out.slice(0, i) });
	});
});
const race = (tokens) => Promise.all(tokens.map(curl));

let g = await connect(base, 'viewer', process.env.K_PW_VIEWER, { client });
const seen = [];
let held = Array(RACERS).fill(g.refresh), at = 0;
await test(`${ROUNDS} rounds of ${RACERS} processes: nobody is logged out`,
    async () => {
	for (let i = 0; i < ROUNDS; i++) {
		const got = await race(held);
		for (const r of got)
			eq(r.status, 200, `round ${i}: ${r.text}`);
		const json = got.map((r) => JSON.parse(r.text));
		seen.push(held[0]);
		for (const j of json.slice(0, 3))
			eq(await works(j.access_token), 200, `round ${i}`);
		// All go on from one of the siblings, as one store of tokens does.
		const one = json[Math.floor(Math.random() * RACERS)];
		held = Array(RACERS).fill(one.refresh_token);
		g = { ...g, refresh: one.refresh_token, access: one.access_token };
		// Days pass now and then, never past the family's end.
		if (i % 20 === 19 && at < 20 * 86400) {
			at += 86400;
			keepd.must(`k_shift ${at}`);
		}
	}
});
await test('nothing outlives the revocation, whoever raced before', async () => {
	const got = await race(held);
	const json = got.map((r) => JSON.parse(r.text));
	keepd.mustCtl(`grant revoke -c ${client.client_id}`);
	for (const j of json)
		eq(await works(j.access_token), 401, 'access token');
	for (const r of await race(json.map((j) => j.refresh_token)))
		eq(r.status, 400, r.text);
});
await test('a stolen old token that comes back ends the family', async () => {
	keepd.must('k_shift 0');
	const h = await connect(base, 'viewer', process.env.K_PW_VIEWER,
	    { client });
	const a = (await refresh(base, h)).json;
	const b = (await refresh(base, h, a.refresh_token)).json;
	eq(await works(b.access_token), 200, 'before');
	eq((await curl(h.refresh)).status, 400, 'the stolen one');
	eq(await works(b.access_token), 401, 'the thief and the owner');
	eq((await curl(b.refresh_token)).status, 400, 'the newest');
});
done();
