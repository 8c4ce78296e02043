// SPDX-License-Identifier: ISC
// tls.mjs: what clients see of TLS over time: sign-in, large messages, many
// at once, reloads under open connections, the death of each process, and a
// signer that does not answer.  Run by tls.sh.
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { Conn, MODERN, call, connect, done, eq, get, has, instance, mcpRequest,
    ne, ok, refresh, requestBytes, rpc, sleep, test, until } from './kit.mjs';

const base = process.env.T_URL;
const plain = process.env.K_URL;
const port = Number(process.env.T_PORT);
const ca = readFileSync(process.env.K_CA);
const inst = instance();
const C = process.env.C;

// The certificate that a new connection gets.
const fingerprint = (servername = 'localhost') => new Promise((res, rej) => {
	const s = tls.connect({ host: '127.0.0.1', port, ca, servername }, () => {
		const f = s.getPeerCertificate().fingerprint256;
		s.destroy();
		res(f.replaceAll(':', '').toLowerCase());
	});
	s.on('error', rej);
});
const handshakes = (n) => Promise.all(Array.from({ length: n },
    () => fingerprint()));
const health = async (c) => {
	c.send(requestBytes(base, 'GET', '/healthz'));
	const r = await c.read();
	ok(r !== null, 'an answer on the open connection');
	eq(r.status, 200);
};
const pids = (role) => inst.must(`k_role_pids ${role}`).trim().split('\n');
const certs = (script) => inst.must(`. "${process.env.K_TESTS}/certs.sh"; ` +
    `C=${C} K_CA=${process.env.K_CA}; ${script}`);
const reload = () => inst.ctl('reload');

const g = await test('sign-in, consent and tokens over TLS', async () => {
	const v = await connect(base, 'designer', process.env.K_PW_DESIGNER);
	has(v.agent.cookies(), '__Host-', 'cookie of https');
	return v;
});
await test('a refreshed token works', async () => {
	const r = await refresh(base, g);
	eq(r.status, 200);
	g.access = r.json.access_token;
	await call(base, g.access, 'list_tables');
});
await test('an answer of many records', async () => {
	const r = await rpc(base, g.access, 'tools/list');
	eq(r.status, 200);
	ok(r.body.length > 40000, `a list of ${r.body.length} bytes`);
	ok(r.json.result.tools.length > 10, 'tools');
});
await test('a request of a megabyte', async () => {
	const q = mcpRequest('tools/call', { name: 'list_tables',
	    arguments: { nothing: 'x'.repeat(1 << 20) } }, { token: g.access });
	const c = await Conn.open(base);
	c.send(requestBytes(base, 'POST', '/mcp', q.headers, q.body));
	const r = await c.read('POST');
	eq(r.status, 200);
	has(r.text, 'nothing');
	await health(c);
	c.close();
});
await test('requests sent ahead are answered in order', async () => {
	const c = await Conn.open(base);
	const one = requestBytes(base, 'GET', '/healthz');
	const list = mcpRequest('tools/list', {}, { token: g.access });
	c.send(Buffer.concat([one, requestBytes(base, 'POST', '/mcp',
	    list.headers, list.body), one, one]));
	for (const len of [0, 40000, 0, 0]) {
		const r = await c.read();
		eq(r.status, 200);
		ok(r.body.length > len, 'length');
	}
	c.close();
});
await test('a byte at a time', async () => {
	const c = await Conn.open(base);
	for (const b of requestBytes(base, 'GET', '/healthz')) {
		c.send(Buffer.from([b]));
		await new Promise((r) => setImmediate(r));
	}
	eq((await c.read()).status, 200);
	c.close();
});
await test('a client that reads slowly gets all of it', async () => {
	const c = await Conn.open(base);
	c.s.pause();
	const q = mcpRequest('tools/list', {}, { token: g.access });
	const bytes = requestBytes(base, 'POST', '/mcp', q.headers, q.body);
	for (let i = 0; i < 40; i++)
		c.send(bytes);
	await sleep(300);
	c.s.resume();
	for (let i = 0; i < 40; i++)
		ok((await c.read()).json.result.tools.length > 10, 'tools');
	c.close();
});
await test('events of a call come over TLS', async () => {
	const r = await rpc(base, g.access, 'tools/call', { name: 'list_tables',
	    arguments: {} }, { era: MODERN });
	eq(r.status, 200);
});
await test('the last answer ends with close_notify', async () => {
	const c = await Conn.open(base);
	c.send(requestBytes(base, 'GET', '/healthz', { Connection: 'close' }));
	eq((await c.read()).status, 200);
	ok(await c.closed(), 'closed');
	eq(c.error, null);		// a cut would be an error
});
await test('200 handshakes at once', async () => {
	eq(new Set(await handshakes(200)).size, 1);
});
await test('garbage and half hellos end only themselves', async () => {
	const raw = (bytes) => new Promise((res) => {
		const s = net.connect(port, '127.0.0.1', () => s.end(bytes));
		s.on('error', res);
		s.on('close', res);
		s.resume();
	});
	await Promise.all([
	    raw(Buffer.alloc(3000, 7)), raw(Buffer.from([22, 3, 1, 2, 0, 1])),
	    raw(Buffer.from([22, 3, 3, 0xff, 0xff])), raw(Buffer.alloc(0)),
	    raw(Buffer.from('GET / HTTP/1.1\r\n\r\n'))]);
	await fingerprint();
});

// ---- reloads ----

await test('a reload changes the certificate and ends nothing', async () => {
	const open = await Promise.all(Array.from({ length: 20 },
	    () => Conn.open(base)));
	for (const c of open)
		await health(c);
	// Connected, but not a byte of a handshake yet.
	const early = net.connect(port, '127.0.0.1');
	await new Promise((r) => early.on('connect', r));
	const before = await fingerprint();
	certs('rm -f $C/p256.ocsp; k_cert p256 DNS:localhost,DNS:both.test ' +
	    '$EC256; k_ocsp p256');
	// Handshakes go on without a pause meanwhile.
	let stop = false;
	const loop = (async () => {
		let n = 0;
		for (; !stop; n += 4)
			await handshakes(4);
		return n;
	})();
	inst.must('kill -HUP $(k_pid)');
	await until(async () => await fingerprint() !== before, 'a new one');
	stop = true;
	ok(await loop > 0, 'handshakes meanwhile');
	has(inst.mustCtl('tls show'), await fingerprint());
	for (const c of open)
		await health(c);
	const s = tls.connect({ socket: early, ca, servername: 'localhost' });
	await new Promise((res, rej) => {
		s.on('secureConnect', res);
		s.on('error', rej);
	});
	ne(s.getPeerCertificate().fingerprint256.replaceAll(':', '')
	    .toLowerCase(), before);
	s.destroy();
	open.forEach((c) => c.close());
});
await test('ten reloads in a row under handshakes', async () => {
	let stop = false;
	const loop = (async () => {
		while (!stop)
			await handshakes(4);
	})();
	for (let i = 0; i < 10; i++) {
		const r = reload();
		eq(r.status, 0, r.err);
	}
	stop = true;
	await loop;
});
await test('a key that does not fit is refused, the old one stays', async () => {
	const before = await fingerprint();
	const keep = readFileSync(`${C}/p256.key`);
	writeFileSync(`${C}/p256.key`, readFileSync(`${C}/p384.key`));
	const r = reload();
	ne(r.status, 0);
	has(r.err, 'do not belong together');
	eq(await fingerprint(), before);
	writeFileSync(`${C}/p256.key`, keep);
});
await test('an OCSP response of another certificate is refused', async () => {
	const keep = readFileSync(`${C}/p256.ocsp`);
	certs('k_cert other DNS:other.test $EC256; k_ocsp other; ' +
	    'cat $C/other.ocsp >$C/p256.ocsp');
	const r = reload();
	ne(r.status, 0);
	has(r.err, 'for another certificate');
	writeFileSync(`${C}/p256.ocsp`, keep);
});
await test('a file that is gone is named', async () => {
	const keep = readFileSync(`${C}/p384.pem`);
	inst.must('rm $C/p384.pem');
	const r = reload();
	ne(r.status, 0);
	has(r.err, 'p384.pem: No such file');
	writeFileSync(`${C}/p384.pem`, keep);
	inst.must('[ "$(k_as)" != nobody ] || chown 65534 $C/p384.pem');
	eq(reload().status, 0);
	await fingerprint('p384.test');
});
await test('switching TLS off needs a restart', async () => {
	const conf = readFileSync(`${process.env.K_DIR}/more.conf`, 'utf8');
	writeFileSync(`${process.env.K_DIR}/more.conf`, conf.replace(' tls\n',
	    '\n'));
	const r = reload();
	ne(r.status, 0);
	has(r.err, 'restart');
	writeFileSync(`${process.env.K_DIR}/more.conf`, conf);
	eq(reload().status, 0);
});

// ---- deaths and silence ----

await test('while signd is silent others are served', async () => {
	const [signd] = pids('signd');
	process.kill(Number(signd), 'SIGSTOP');
	try {
		// More than a listener has places for that wait.
		const late = handshakes(600);
		// These do not stay until the end.
		const quit = Array.from({ length: 60 }, () => {
			const s = tls.connect({ host: '127.0.0.1', port, ca,
			    servername: 'localhost' });
			s.on('error', () => {});
			return s;
		});
		await sleep(1000);
		for (let i = 0; i < 20; i++)
			eq((await get(plain, '/healthz')).status, 200);
		quit.forEach((s) => s.destroy());
		await sleep(100);
		process.kill(Number(signd), 'SIGCONT');
		eq((await late).length, 600);
	} finally {
		process.kill(Number(signd), 'SIGCONT');
	}
	await handshakes(50);
});
await test('signd is killed: handshakes wait for the next', async () => {
	const open = await Conn.open(base);
	for (let i = 0; i < 3; i++) {
		const [signd] = pids('signd');
		const running = handshakes(30);
		process.kill(Number(signd), 'SIGKILL');
		await running;
		await handshakes(5);
		await until(() => pids('signd')[0] !== '', 'another signd');
	}
	await health(open);
	// Its channel is its own: no handle and no question was lost with it.
	await call(base, g.access, 'list_tables');
	open.close();
});
await test('a process that reads newer files makes all read them', async () => {
	const before = await fingerprint();
	certs('k_cert p256 DNS:localhost,DNS:both.test $EC256; k_ocsp p256');
	eq(await fingerprint(), before, 'without a reload');
	for (const p of pids('listener'))
		process.kill(Number(p), 'SIGKILL');
	await until(() => fingerprint().then((f) => f !== before, () => false),
	    'the new certificate');
	await until(() => handshakes(40).then((l) => new Set(l).size === 1,
	    () => false), 'all with the same one');
});
await test('a key that is gone at a new start waits for it', async () => {
	const key = readFileSync(`${C}/p256.key`);
	inst.must('rm $C/p256.key');
	const [signd] = pids('signd');
	process.kill(Number(signd), 'SIGKILL');
	await until(() => inst.must('k_server_log').includes(
	    'p256.key: No such file'), 'a line in the log');
	eq((await get(plain, '/healthz')).status, 200);
	writeFileSync(`${C}/p256.key`, key, { mode: 0o600 });
	inst.must('[ "$(k_as)" != nobody ] || chown 65534 $C/p256.key');
	await until(() => fingerprint().then(() => true, () => false),
	    'service again', 20000);
});
await test('a handshake has the time of a header, no more', async () => {
	const conf = readFileSync(`${process.env.K_DIR}/more.conf`, 'utf8');
	writeFileSync(`${process.env.K_DIR}/more.conf`, conf +
	    'limits { header-timeout 500ms }\n');
	eq(reload().status, 0);
	const gone = (bytes) => new Promise((res, rej) => {
		const s = net.connect(port, '127.0.0.1', () => s.write(bytes));
		s.on('error', res);
		s.on('close', res);
		s.resume();
		setTimeout(() => rej(new Error('still open after 8 s')),
		    8000).unref();
	});
	const hello = Buffer.from([22, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3]);
	await Promise.all([gone(''), gone(hello), gone(hello.subarray(0, 3))]);
	// Also when the handshake is over and nothing follows.
	const c = await Conn.open(base);
	ok(await c.closed(8000), 'closed');
	writeFileSync(`${process.env.K_DIR}/more.conf`, conf);
	eq(reload().status, 0);
});
await test('node checks the name and the chain itself', async () => {
	const r = await new Promise((res, rej) => https.get(base + '/healthz',
	    { ca }, res).on('error', rej));
	eq(r.statusCode, 200);
	r.resume();
	const bad = await new Promise((res) => https.get(base + '/healthz',
	    { ca, servername: 'p384.test', checkServerIdentity: (h, c) =>
	    c.subject.CN === 'p384' ? undefined : new Error('not p384') },
	    (x) => { x.resume(); res(null); }).on('error', res));
	eq(bad, null);
	const none = await new Promise((res) => https.get(base + '/healthz',
	    (x) => { x.resume(); res(null); }).on('error', res));
	ok(none !== null, 'refused without the authority');
});
done();
