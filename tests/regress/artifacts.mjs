// SPDX-License-Identifier: ISC
// artifacts.mjs: the tools beside tables, rows and packages, through the
// network: each success, each refusal to the letter, each right.

import { test, done, ok, eq, has, hasNot, connect, call, refusal,
    instance } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const A = (await connect(base, 'admin', process.env.K_PW_ADMIN)).access;
const D = (await connect(base, 'designer', process.env.K_PW_DESIGNER)).access;
const V = (await connect(base, 'viewer', process.env.K_PW_VIEWER)).access;

// ---- system logs ----

await test('list_system_logs: names of files by category', async () => {
	const l = await call(base, V, 'list_system_logs');
	eq(Object.keys(l), ['serverFiles', 'exceptionFiles', 'scriptFiles',
	    'requestFiles', 'vaultFiles']);
	has(l.serverFiles[0].name, /^\d{4}-\d\d-\d\d-keepd\.log$/);
	ok(l.serverFiles[0].size > 0, 'size');
	const none = await call(base, V, 'list_system_logs',
	    { type: 'server', dateTo: '2001-01-01' });
	eq(none.serverFiles, []);
});
await test('get_system_log: entries, filtered and paged', async () => {
	const name = (await call(base, V, 'list_system_logs',
	    { type: 'server' })).serverFiles[0].name;
	const get = (more) => call(base, V, 'get_system_log',
	    { type: 'server', name, ...more });
	const all = await get({});
	ok(all.total > 5 && all.count === Math.min(all.total, 100), 'total');
	ok(all.entries.some((e) => e.message === 'MCP server registered at /mcp'),
	    'the line of the manual');
	eq((await get({ start: 1, end: 3 })).entries, all.entries.slice(1, 3));
	const one = await get({ message: 'mcp SERVER registered' });
	eq([one.total, one.entries[0].level], [1, 'info']);
	eq((await get({ level: ['silly'] })).total, 0);
});
await test('get_system_log: refusals', async () => {
	const no = (args) => refusal(base, V, 'get_system_log', args);
	for (const name of ['../keepd.conf', '/etc/passwd', 'keepd.conf', '.',
	    '2026-01-01-keepd.log', '2026-01-01-keepd.log/../../keepd.conf'])
		eq(await no({ type: 'server', name }), 'Not Found');
	eq(await no({ type: 'vault', name: '2026-01-01-keepd.log' }),
	    'Not Found');
	has(await no({ type: 'audit', name: 'x' }), 'Input validation error');
	has(await no({ type: 'server' }), 'name');
	eq(await refusal(base, D, 'list_system_logs'),
	    'Access denied: no permission for system-logs');
	eq(await refusal(base, D, 'get_system_log', { type: 'server',
	    name: 'x' }), 'Access denied: no permission for system-logs');
});
await test('get_system_log: a link in the directory is not followed',
    async () => {
	keepd.must('ln -s "$K_DIR/keepd.conf" "$K_DIR/logs/2001-02-03-keepd.log"');
	eq(await refusal(base, A, 'get_system_log', { type: 'server',
	    name: '2001-02-03-keepd.log' }), 'Not Found');
	const l = await call(base, A, 'list_system_logs', { type: 'server' });
	eq(l.serverFiles.filter((f) => f.name.startsWith('2001')), []);
});
await test('get_system_log: no password and no token is in any file',
    async () => {
	const l = await call(base, A, 'list_system_logs');
	let text = '', n = 0;
	for (const [key, type] of [['serverFiles', 'server'], ['exceptionFiles',
	    'exceptions'], ['requestFiles', 'requests']])
		for (const f of l[key]) {
			text += JSON.stringify(await call(base, A,
			    'get_system_log', { type, name: f.name, end: 1000 }));
			n++;
		}
	ok(n > 1, 'files');
	has(text, 'MCP server registered', 'control');
	for (const secret of [A, D, V, process.env.K_PW_ADMIN])
		hasNot(text, secret);
});
done();
