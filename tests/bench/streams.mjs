// SPDX-License-Identifier: ISC
// streams.mjs: opens N streams of 24 tokens and measures (see streams.sh).

import net from 'node:net';
import tls from 'node:tls';
import { readFileSync } from 'node:fs';
import { test, done, ok, eq, connect, call, instance, mcpRequest, requestBytes,
    MODERN, sleep, until } from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const N = Number(process.argv[2]);
const u = new URL(base);
const TLS = u.protocol === 'https:';
const LIMIT = TLS ? Infinity : 6144;	// bytes of a stream

const pids = () => keepd.must('echo $(k_pid); pgrep -P $(k_pid)').trim()
    .split('\n');
const byRole = () => {
	const out = {};
	for (const p of pids()) {
		const role = keepd.must(`tr '\\0' ' ' </proc/${p}/cmdline`)
		    .trim().split(' ')[0].split('/').pop();
		const text = readFileSync(`/proc/${p}/smaps_rollup`, 'utf8');
		for (const m of text.matchAll(/^Private_\w+: +(\d+)/gm))
			out[role] = (out[role] ?? 0) + Number(m[1]);
	}
	return out;
};
const sum = (o) => Object.values(o).reduce((a, b) => a + b, 0);
const cpu = () => pids().map((p) => readFileSync(`/proc/${p}/stat`, 'utf8')
    .split(') ')[1].split(' ')).reduce((n, f) =>
    n + Number(f[11]) + Number(f[12]), 0) * 10;		// ms

const tokens = [];
for (let i = 0; i < 24; i++)
	tokens.push((await connect(base, 'designer',
	    process.env.K_PW_DESIGNER)).access);
const table = await call(base, tokens[0], 'save_table', { table: {
    name: 'cars', fields: [{ fieldName: 'x', fieldType: 'text' }] } });
const T = tokens.map((t) => {
	const q = mcpRequest('subscriptions/listen', { notifications: {
	    toolsListChanged: true, resourceSubscriptions:
	    ['keepd://table/cars'] } }, { era: MODERN, token: t });
	return requestBytes(base, 'POST', '/mcp', q.headers, q.body);
});

let opened = 0, events = 0, closed = 0;
const open = (i) => new Promise((resolve, reject) => {
	const s = (TLS ? tls : net).connect({ port: Number(u.port),
	    host: u.hostname }, () => {
		s.write(T[i % T.length]);
	});
	let first = true;
	s.on('data', (d) => {
		const t = d.toString('latin1');
		if (first && t.includes('acknowledged')) {
			first = false;
			opened++;
			resolve(s);
		} else if (first && !t.startsWith('HTTP/1.1 200')) {
			reject(new Error(t.slice(0, 300)));
		} else if (t.includes('resources/updated'))
			events++;
	});
	s.on('error', reject);
	s.on('close', () => closed++);
});
const some = async (n) => {
	const all = [];
	for (let i = 0; i < n; i += 100)
		all.push(...await Promise.all(Array.from(
		    { length: Math.min(100, n - i) }, (_, j) => open(i + j))));
	return all;
};

// What the first ones bring along is not theirs: buffers, tables.
const warm = await some(50);
await sleep(12000);			// hashing gives its memory back
const rest = byRole();
const t0 = Date.now();
const streams = await some(N);
const took = Date.now() - t0;
await sleep(1000);

await test(`${N} idle streams: at most ${LIMIT} bytes each`, () => {
	const now = byRole();
	const parts = Object.keys(now).map((r) => `${r} ` +
	    Math.round((now[r] - (rest[r] ?? 0)) * 1024 / N)).join(', ');
	const each = Math.round((sum(now) - sum(rest)) * 1024 / N);
	console.log(`# ${each} bytes each (${parts}), opened in ${took} ms`);
	eq(opened, N + warm.length);
	ok(each <= LIMIT, `${each} bytes`);
});

await test('all of them are told of a change', async () => {
	const before = cpu(), t = Date.now();
	await call(base, tokens[0], 'save_table', { table: { id: table.id,
	    description: 'new' } });
	await until(() => events >= N + warm.length, 'events', 60000);
	const ms = Date.now() - t;
	console.log(`# told in ${ms} ms, ${cpu() - before} ms of CPU`);
	eq(events, N + warm.length);
	eq(closed, 0);
});

await test('comments keep them alive', async () => {
	const before = cpu();
	await sleep(26000);
	console.log(`# ${cpu() - before} ms of CPU in 26 s`);
	eq(closed, 0);
});

await test('their memory is given back, or used again', async () => {
	for (const s of streams)
		s.destroy();
	await until(() => closed >= N, 'the end');
	const again = await some(N);
	await sleep(500);
	const each = Math.round((sum(byRole()) - sum(rest)) * 1024 / N);
	console.log(`# ${each} bytes each the second time`);
	ok(each <= LIMIT, `${each} bytes`);
	for (const s of again)
		s.destroy();
});
for (const s of warm)
	s.destroy();
done();
