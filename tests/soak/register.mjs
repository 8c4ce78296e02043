// SPDX-License-Identifier: ISC
// register.mjs: a flood of registrations leaves a store of constant size, and
// a client with a live grant where it is.  argv[2]: registrations.

import { Agent as HttpAgent, request } from 'node:http';
import { test, done, ok, eq, connect, register, refresh, rpc, get, instance,
    authorizeUrl, pkce } from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const COUNT = Number(process.argv[2] ?? 50000);
const agent = new HttpAgent({ keepAlive: true, maxSockets: 64 });
const url = new URL(base + '/register');

const size = () => Number(keepd.sh(
    'du -sk "$K_DIR/state" | cut -f 1').out.trim());
const clients = () => keepd.mustCtl('client list').trim().split('\n').length;

let last = '';
const flood = (n) => new Promise((resolve, reject) => {
	const uri = `https://flood-${n}.example/callback`;
	const body = JSON.stringify({ client_name: `Flood ${n}`,
	    redirect_uris: [uri], token_endpoint_auth_method: 'none' });
	const r = request(url, { agent, method: 'POST', headers: {
	    'Content-Type': 'application/json',
	    'Content-Length': Buffer.byteLength(body) } }, (res) => {
		let text = '';
		res.on('data', (d) => { text += d; });
		res.on('end', () => {
			if (res.statusCode !== 201)
				reject(new Error(`${n}: ${res.statusCode} ${text}`));
			else
				resolve({ id: JSON.parse(text).client_id, uri });
		});
	});
	r.on('error', reject);
	r.end(body);
});
async function floods(from, to) {
	let n = from;
	await Promise.all(Array.from({ length: 64 }, async () => {
		while (n < to)
			last = await flood(n++);
	}));
}
const opens = async (c) => (await get(base, authorizeUrl('', {
    client_id: c.id, redirect_uri: c.uri, code_challenge: pkce().challenge,
    resource: base + '/mcp' }))).status;

const mine = await register(base, { client_name: 'Has a grant' });
const g = await connect(base, 'viewer', process.env.K_PW_VIEWER,
    { client: mine });
const first = await flood('first');
let before, some;
await test('control: a client that just registered can be used', async () => {
	eq(await opens(first), 200);
	ok(clients() >= 2, 'both are listed');
});
await test(`${COUNT} registrations, all answered`, async () => {
	await floods(0, Math.ceil(COUNT * 0.3));
	before = size();
	some = clients();
	await floods(Math.ceil(COUNT * 0.3), COUNT);
});
await test('the store did not grow, nor did the list of clients', async () => {
	const after = size();
	console.log(`# store ${before} KB after 3 tenths, ${after} KB at the ` +
	    `end, ${some} and ${clients()} clients`);
	ok(after <= before * 1.1 + 1024, `${before} KB, then ${after} KB`);
	ok(clients() <= 10000 + 1, `${clients()} clients`);
	ok(clients() >= Math.min(COUNT, 9000), `${clients()} clients`);
});
await test('the oldest without a grant are gone, the newest there',
    async () => {
	ok(await opens(first) >= 400, 'the first of them');
	eq(await opens(last), 200, 'the last of them');
});
await test('a client with a live grant goes on', async () => {
	eq((await rpc(base, g.access, 'ping')).status, 200, 'its access token');
	const r = await refresh(base, g);
	eq(r.status, 200, 'its refresh token');
	eq((await rpc(base, r.json.access_token, 'ping')).status, 200);
});
agent.destroy();
done();
