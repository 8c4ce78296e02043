// SPDX-License-Identifier: ISC
// scale.mjs: the measuring part of scale.sh.

import fs from 'node:fs';
import { Conn, connect, call, mcpRequest, requestBytes, done }
    from '../regress/kit.mjs';

const base = process.env.K_URL;
const [what, ...args] = process.argv.slice(2);
const ms = () => performance.now();
const login = async (u, p) => (await connect(base, u, p)).access;
const admin = () => login('admin', process.env.K_PW_ADMIN);
const viewer = () => login('viewer', process.env.K_PW_VIEWER);

// Calls over one connection; each is timed from the first byte to the last.
class Caller {
	static async open(token) {
		const c = new Caller();
		c.conn = await Conn.open(base, { timeout: 60000 });
		c.token = token;
		return c;
	}
	async time(name, a) {
		const q = mcpRequest('tools/call', { name, arguments: a },
		    { token: this.token });
		const b = requestBytes(base, 'POST', '/mcp', q.headers, q.body);
		const t0 = ms();
		this.conn.send(b);
		const r = await this.conn.read('POST');
		const t = ms() - t0;
		if (r === null || r.status !== 200)
			throw new Error(`${name}: ${r?.status} ${r?.text}`);
		this.text = r.text;
		return t;
	}
}
const at = (list, p) => list[Math.min(list.length - 1,
    Math.floor(list.length * p))];
const sorted = (l) => l.sort((a, b) => a - b);
const pick = (n) => 1 + Math.floor(Math.random() * n);
const id = (i) => `${i.toString(16).padStart(8, '0')}-0000-4000-8000-` +
    i.toString(16).padStart(12, '0');

const questions = (n, rows) => ({
	'get by id': () => ['get_app', { id: id(1 + pick(n - 1)) }],
	'list, first page': () => ['list_apps', {}],
	'list, a page inside': () => ['list_apps', { listOptions:
	    { skip: 500 } }],
	'list, changed last first': () => ['list_apps',
	    { listOptions: { order: { updatedAt: 'DESC' } } }],
	'list, first page, of a viewer': () => ['list_apps', {}],
	'list, one by its name': () => ['list_apps', { listOptions:
	    { where: { name: `app_${String(pick(n - 1) + 1)
	    .padStart(7, '0')}` } } }],
	'row by its id': () => ['query_entity_table', { table: 'big', where:
	    { id: id(pick(rows)) } }],
	'rows by an index': () => ['query_entity_table', { table: 'big', where:
	    { g: pick(rows / 10) - 1 } }],
	'rows ordered by an index': () => ['query_entity_table', { table: 'big',
	    order: { n: 'DESC' }, take: 100 }],
	'rows, first page': () => ['query_entity_table', { table: 'big' }],
});

if (what === 'setup') {
	const t = await admin();
	await call(base, t, 'save_app', { app: { application: 'template',
	    title: 'An app', globalScript: '1 + '.repeat(100) + '1;' } });
	await call(base, t, 'save_table', { table: { name: 'big', fields: [
	    { fieldName: 'g', fieldType: 'integer' },
	    { fieldName: 'n', fieldType: 'integer' },
	    { fieldName: 't', fieldType: 'text' }],
	    indices: [{ columns: ['g'] }, { columns: ['n'] }] } });
	console.log('ok setup');
	done();
} else if (what === 'measure') {
	const [n, rows, file] = [Number(args[0]), Number(args[1]), args[2]];
	const tokens = [await admin(), await viewer()];
	const out = {};
	for (const [name, make] of Object.entries(questions(n, rows))) {
		const c = await Caller.open(tokens[Number(/viewer/.test(name))]);
		const l = [];
		for (let i = 0; i < 600; i++) {
			const t = await c.time(...make());
			if (i >= 100)
				l.push(t);
		}
		out[name] = at(sorted(l), 0.5);
	}
	fs.writeFileSync(file, JSON.stringify(out));
	process.exit(0);
} else if (what === 'compare') {
	const [a, b] = args.map((f) => JSON.parse(fs.readFileSync(f)));
	for (const k of Object.keys(a))
		console.log(`${k.padEnd(28)} ${a[k].toFixed(3)} ms  ` +
		    `${b[k].toFixed(3)} ms  ${(b[k] / a[k]).toFixed(2)}x`);
	process.exit(0);
} else if (what === 'fair') {
	const rows = Number(args[0]);
	const mine = await Caller.open(await admin());
	const view = await viewer();
	const others = async (label, kinds) => {
		const l = [];
		const end = ms() + (Number(process.env.K_SECONDS ?? 8) * 1000);
		for (let i = 0; ms() < end; i++) {
			l.push(await mine.time(...kinds[i % kinds.length]()));
			await new Promise((r) => setTimeout(r, 2));
		}
		sorted(l);
		console.log(`${label.padEnd(34)} ${String(l.length).padStart(5)} ` +
		    `calls: median ${at(l, 0.5).toFixed(2)} ms, p99 ` +
		    `${at(l, 0.99).toFixed(1)} ms, worst ` +
		    `${l.at(-1).toFixed(1)} ms`);
	};
	const reads = [() => ['get_app', { id: id(1 + pick(900)) }],
	    () => ['query_entity_table', { table: 'big', where: { g: 5 } }]];
	const writes = [() => ['insert_entity_rows', { table: 'big', rows:
	    [{ g: 1, n: 1, t: 'x' }] }]];
	await others('reads, alone', reads);
	await others('writes, alone', writes);
	let stop = false, n = 0;
	const run = [1, 2, 3].map(async () => {
		const w = await Caller.open(view);
		while (!stop) {
			// No index, and no row: every row is looked at.
			await w.time('query_entity_table', { table: 'big', where:
			    { t: 'no such text' }, order: { t: 'ASC' } });
			n++;
		}
	});
	await others("reads beside a viewer's worst", reads);
	await others("writes beside it", writes);
	stop = true;
	await Promise.all(run);
	console.log(`(${n} of the worst, of three at once)`);
	process.exit(0);
}
