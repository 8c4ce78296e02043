// SPDX-License-Identifier: ISC
// bug-pipelining.mjs: requests sent ahead.  A listener once ran in circles
// while a client did not read its answers, and once dropped requests that
// stood before the end of a half-closed connection.

import { test, done, ok, eq, Conn, requestBytes, get, until, sleep, instance }
    from './kit.mjs';
import { readFileSync } from 'node:fs';

const base = process.env.K_URL;
const one = requestBytes(base, 'GET',
    '/.well-known/oauth-authorization-server');
const pids = instance().must('k_role_pids listener').trim().split(/\s+/);

// Processor time of all listeners so far, in ticks of 10 ms.
const ticks = () => pids.reduce((n, p) => {
	const f = readFileSync(`/proc/${p}/stat`, 'latin1').split(') ')[1]
	    .split(' ');
	return n + Number(f[11]) + Number(f[12]);
}, 0);

await test('control: answers cost processor time that is seen', async () => {
	const before = ticks();
	const many = Buffer.concat(Array(500).fill(one));
	await until(async () => {
		const c = await Conn.open(base);
		c.send(many);
		for (let i = 0; i < 500; i++)
			eq((await c.read()).status, 200, 'status');
		c.close();
		return ticks() > before;
	}, 'a tick');
});

await test('a client that reads no answers costs no processor time',
    async () => {
	const c = await Conn.open(base);
	c.s.pause();
	const many = Buffer.concat(Array(2000).fill(one));
	// Until the listener takes no more: its output is full.
	let waits = 0;
	for (let i = 0; i < 200 && waits < 5; i++) {
		if (!c.s.write(many))
			await Promise.race([sleep(200).then(() => waits++),
			    new Promise((r) => c.s.once('drain', () => {
				waits = 0;
				r();
			    }))]);
	}
	ok(waits === 5, 'the listener stops reading');
	const before = ticks();
	await sleep(2000);
	ok(ticks() - before < 60, `${ticks() - before} ticks in 2 s`);
	eq((await get(base, '/healthz')).status, 200, 'others');
	c.close();
});

await test('then reads them: every request is answered', async () => {
	const c = await Conn.open(base);
	c.s.pause();
	c.send(Buffer.concat(Array(3000).fill(one)));
	await sleep(300);
	c.s.resume();
	for (let i = 0; i < 3000; i++)
		eq((await c.read()).status, 200, `answer ${i}`);
	c.close();
});

await test('requests before a half-close are all answered', async () => {
	const small = requestBytes(base, 'GET', '/robots.txt');
	for (const n of [1, 33, 500, 1500]) {
		const c = await Conn.open(base);
		c.send(Buffer.concat(Array(n).fill(small)));
		c.end();
		for (let i = 0; i < n; i++) {
			const r = await c.read();
			ok(r !== null, `answer ${i} of ${n}`);
			eq(r.status, 200, 'status');
		}
		eq(await c.closed(), true, 'closed');
	}
});

await test('part of a request before a half-close gets none', async () => {
	const c = await Conn.open(base);
	c.send(Buffer.concat([one, one.subarray(0, 20)]));
	c.end();
	eq((await c.read()).status, 200, 'status');
	eq(await c.closed(), true, 'closed');
});

done();
