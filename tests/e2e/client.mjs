// SPDX-License-Identifier: ISC
// client.mjs: the part of a client that the SDKs leave to the application:
// it remembers registration and tokens, listens for the redirect and hands
// the authorization URL to a browser.

import http from 'node:http';
import { randomUUID } from 'node:crypto';

export class Callback {
	static async listen(port = 0) {
		const c = new Callback();
		c.got = [];
		c.waiting = [];
		c.server = http.createServer((req, res) => {
			const u = new URL(req.url, c.url);
			if (u.pathname !== '/callback') {
				res.writeHead(404).end();
				return;
			}
			res.writeHead(200, { 'Content-Type': 'text/html' });
			res.end('<!doctype html><title>Back in the client</title>' +
			    '<p>You may close this window.');
			const w = c.waiting.shift();
			if (w)
				w(u.searchParams);
			else
				c.got.push(u.searchParams);
		});
		await new Promise((r) => c.server.listen(port, '127.0.0.1', r));
		c.url = `http://127.0.0.1:${c.server.address().port}/callback`;
		return c;
	}
	next() {
		if (this.got.length)
			return Promise.resolve(this.got.shift());
		return new Promise((resolve, reject) => {
			const t = setTimeout(() => reject(new Error(
			    'the browser never came back to the client')), 30000);
			this.waiting.push((p) => { clearTimeout(t); resolve(p); });
		});
	}
	close() {
		this.server.closeAllConnections();
		this.server.close();
	}
}

export class Provider {
	constructor(callback, name) {
		this.callback = callback;
		this.clientMetadata = { client_name: name,
		    redirect_uris: [callback.url],
		    grant_types: ['authorization_code', 'refresh_token'],
		    response_types: ['code'], token_endpoint_auth_method: 'none' };
		this.saved = {};
		this.asked = [];
	}
	get redirectUrl() { return this.callback.url; }
	state() { return this.saved.state = randomUUID(); }
	clientInformation() { return this.saved.client; }
	saveClientInformation(c) { this.saved.client = c; }
	tokens() { return this.saved.tokens; }
	saveTokens(t) { this.saved.tokens = t; }
	redirectToAuthorization(u) { this.asked.push(u); }
	saveCodeVerifier(v) { this.saved.verifier = v; }
	saveDiscoveryState(d) { this.saved.discovery = d; }
	discoveryState() { return this.saved.discovery; }
	codeVerifier() { return this.saved.verifier; }
	invalidateCredentials(what) {
		if (what === 'all' || what === 'tokens')
			delete this.saved.tokens;
		if (what === 'all' || what === 'client')
			delete this.saved.client;
	}
}
