// SPDX-License-Identifier: ISC
// backup.mjs: what backup.sh looks at through a client.  The argument says
// which part; tokens of the first are kept in a file for the later ones.

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { test, done, ok, eq, ne, connect, call, refresh, rpc, register, Agent,
    authorizeUrl, pkce, instance } from './kit.mjs';

const base = process.env.K_URL;
const out = process.env.K_OUT;
const saved = `${out}/grant.json`;
const text = 'x'.repeat(2000);
const insert = (t, from, n, len = 2000) => call(base, t,
    'insert_entity_rows', { table: 'orders', rows: Array.from({ length: n },
    (_, i) => ({ n: from + i, t: text.slice(0, len) })) });
const signIn = async (user, password) => (await new Agent(base).signIn(
    authorizeUrl(base, { client_id: (await register(base)).client_id,
    code_challenge: pkce().challenge }), user, password)).status;

// keepctl beside us, so that we can go on calling.
const keepctl = (...args) => new Promise((resolve) => spawn('sh', ['-c',
    `. "${process.env.K_TESTS}/lib.sh"; k_exec_ctl "$@"`, 'sh', ...args],
    { stdio: ['ignore', 'ignore', 'inherit'] }).on('exit', resolve));
// The first user table and its first column, as the store names them.
const table = 't_1', column = 'c_2';
const sqlite = (file, sql) => spawnSync('sqlite3', ['-readonly', file, sql],
    { encoding: 'utf8' }).stdout.trim().split('\n');

const parts = {
	async fill() {
		await test('some rows', async () => {
			const g = await connect(base, 'admin',
			    process.env.K_PW_ADMIN);
			for (let i = 0; i < 20; i++)
				await insert(g.access, i * 500, 500);
			fs.writeFileSync(saved, JSON.stringify(g));
		});
	},
	// Rows n, n + 1, ...: a copy holds all below some n and none above.
	async busy() {
		const g = JSON.parse(fs.readFileSync(saved));
		let n = 10000, stop = false;
		const writer = (async () => {
			while (!stop) {
				await insert(g.access, n, 1, 10);
				n++;
			}
		})();
		await test('a backup while rows are written', async () => {
			while (n < 10005)
				await new Promise((r) => setTimeout(r, 5));
			const before = n;
			eq(await keepctl('backup', `${out}/one`), 0);
			ok(n > before + 2, 'writes went on meanwhile');
			await new Promise((r) => setTimeout(r, 50));
		});
		stop = true;
		await writer;
		await test('the copy is whole and is of one moment', async () => {
			const [check, count, max] = sqlite(`${out}/one/tool.db`,
			    'PRAGMA integrity_check; SELECT count(*) FROM ' +
			    table + '; SELECT max(' + column + ') FROM ' + table);
			eq(check, 'ok');
			eq(Number(max), count - 1, 'highest number and count');
			ok(count > 10004 && count <= n, `rows ${count}`);
			fs.writeFileSync(`${out}/busy`, `rows ${count}\n`);
		});
	},
	async restored() {
		const g = JSON.parse(fs.readFileSync(saved));
		await test('a token from before the backup works', async () =>
		    eq((await rpc(base, g.access, 'ping')).status, 200));
		await test('calls work', async () => {
			const r = await call(base, g.access,
			    'query_entity_table', { table: 'orders', take: 1,
			    where: { n: 5 } });
			eq(r.total, 1);
		});
	},
	async revoke() {
		const [h, k] = [await connect(base, 'viewer',
		    process.env.K_PW_VIEWER), await connect(base, 'designer',
		    process.env.K_PW_DESIGNER)];
		instance().mustCtl(`backup ${out}/revoked`);
		instance().mustCtl('grant revoke -u viewer');
		fs.writeFileSync(`${out}/revoked.json`, JSON.stringify([h, k].map(
		    (g) => ({ access: g.access, refresh: g.refresh,
		    client: g.client }))));
		await test('the grant is revoked', async () =>
		    eq((await rpc(base, h.access, 'ping')).status, 401));
	},
	async revoked() {
		const [h, k] = JSON.parse(fs.readFileSync(
		    `${out}/revoked.json`));
		await test('a restore brings no revoked grant back', async () => {
			eq((await rpc(base, h.access, 'ping')).status, 401);
			eq((await refresh(base, h)).status, 400, 'refresh');
		});
		await test('and takes no other away', async () => {
			eq((await rpc(base, k.access, 'ping')).status, 200);
			eq((await refresh(base, k)).status, 200, 'refresh');
		});
	},
	async otherkeys() {
		const g = JSON.parse(fs.readFileSync(saved));
		await test('no token works with other keys', async () =>
		    eq((await rpc(base, g.access, 'ping')).status, 401));
		await test('no refresh token', async () =>
		    ok((await refresh(base, g)).json.error !== undefined));
		await test('no password', async () => ne(await signIn('designer',
		    process.env.K_PW_DESIGNER), 303));
	},
	async newpassword() {
		await test('a new password lets in', async () =>
		    eq(await signIn('designer', 'new-password-12'), 303));
	},
	async samekeys() {
		const g = JSON.parse(fs.readFileSync(saved));
		await test('passwords of the backup let in', async () =>
		    eq(await signIn('designer', process.env.K_PW_DESIGNER), 303));
		await test('new rows can be written', async () => {
			const h = await connect(base, 'admin',
			    process.env.K_PW_ADMIN);
			await insert(h.access, 1e6, 1, 1);
		});
	},
};

await parts[process.argv[2]]();
done();
