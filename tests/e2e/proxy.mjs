// SPDX-License-Identifier: ISC
// proxy.mjs: a loopback proxy that adds a bearer token to requests of a
// program that cannot send one.  It works on bytes and frames the requests
// of kept-alive connections itself, so that header case, white space and
// order arrive as they were sent.  Authorization is added only if absent;
// Host and Origin are rewritten only where they name the proxy.

import net from 'node:net';

const CRLF2 = Buffer.from('\r\n\r\n');

export class Proxy {
	static async listen(upstream, token, port = 0) {
		const p = new Proxy();
		p.to = new URL(upstream);
		p.token = token;
		p.requests = 0;
		p.server = net.createServer((s) => p.serve(s));
		await new Promise((r) => p.server.listen(port, '127.0.0.1', r));
		p.port = p.server.address().port;
		p.url = `http://127.0.0.1:${p.port}`;
		p.sockets = new Set();
		return p;
	}
	close() {
		for (const s of this.sockets)
			s.destroy();
		this.server.close();
	}
	serve(down) {
		const up = net.connect(Number(this.to.port), this.to.hostname);
		for (const s of [down, up]) {
			this.sockets.add(s);
			s.setNoDelay(true);
			s.on('error', () => { down.destroy(); up.destroy(); });
			s.on('close', () => this.sockets.delete(s));
		}
		up.on('data', (d) => down.write(d));
		up.on('end', () => down.end());
		let buf = Buffer.alloc(0), state = { at: 'head' };
		down.on('data', (d) => {
			buf = Buffer.concat([buf, d]);
			for (;;) {
				const n = this.step(buf, state, up);
				if (n === 0)
					break;
				buf = buf.subarray(n);
			}
		});
		down.on('end', () => up.end());
	}
	// Passes on what it can; gives the number of bytes it used.
	step(buf, st, up) {
		if (buf.length === 0)
			return 0;
		if (st.at === 'raw') {
			up.write(buf);
			return buf.length;
		}
		if (st.at === 'body') {
			const n = Math.min(st.left, buf.length);
			up.write(buf.subarray(0, n));
			st.left -= n;
			if (st.left === 0)
				st.at = st.then;
			return n;
		}
		if (st.at === 'chunk') {
			const i = buf.indexOf('\r\n');
			if (i < 0)
				return 0;
			const n = parseInt(buf.subarray(0, i).toString('latin1'), 16);
			if (!(n >= 0)) {
				st.at = 'raw';
				return this.step(buf, st, up);
			}
			up.write(buf.subarray(0, i + 2));
			if (n === 0)
				st.at = 'trailer';
			else
				Object.assign(st, { at: 'body', left: n + 2,
				    then: 'chunk' });
			return i + 2;
		}
		if (st.at === 'trailer') {
			const i = buf.indexOf('\r\n');
			if (i < 0)
				return 0;
			up.write(buf.subarray(0, i + 2));
			if (i === 0)
				st.at = 'head';
			return i + 2;
		}
		const i = buf.indexOf(CRLF2);
		if (i < 0)
			return 0;
		up.write(this.head(buf.subarray(0, i).toString('latin1'), st));
		return i + 4;
	}
	head(text, st) {
		this.requests++;
		const lines = text.split('\r\n');
		const name = (l) => l.slice(0, l.indexOf(':')).toLowerCase();
		const value = (l) => l.slice(l.indexOf(':') + 1).trim();
		const own = new Set([`127.0.0.1:${this.port}`,
		    `localhost:${this.port}`]);
		let auth = false, len = 0, chunked = false;
		for (let i = 1; i < lines.length; i++) {
			const n = name(lines[i]), v = value(lines[i]);
			if (n === 'authorization')
				auth = true;
			else if (n === 'host' && own.has(v))
				lines[i] = lines[i].replace(v, this.to.host);
			else if (n === 'origin' && own.has(v.replace(/^http:\/\//, '')))
				lines[i] = lines[i].replace(v, this.to.origin);
			else if (n === 'content-length')
				len = Number(v);
			else if (n === 'transfer-encoding')
				chunked = true;
		}
		if (!auth)
			lines.push('Authorization: Bearer ' + this.token);
		st.at = 'head';
		if (chunked)
			st.at = 'chunk';
		else if (len > 0)
			Object.assign(st, { at: 'body', left: len, then: 'head' });
		return Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'latin1');
	}
}
