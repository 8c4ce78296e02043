// SPDX-License-Identifier: ISC
// pages.mjs: every page that people see, as people and their tools meet it:
// labels, landmarks, focus order, contrast, language, 200 % zoom, a phone's
// width, and what the headers forbid.

import { Browser, complaints, complaintsAt, focusOrder } from './browser.mjs';
import { test, done, ok, eq, has, hasNot, register, authorizeUrl, pkce,
    Agent, get, http, instance } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const browser = await Browser.launch();
const client = await register(base, { client_name: 'Ledger <b>& Co</b>',
    redirect_uris: ['http://127.0.0.1:19876/callback'] });
const flow = () => authorizeUrl(base, { client_id: client.client_id,
    code_challenge: pkce().challenge, state: 'st&<>"' });

const fontSize = async (page, px) => {
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Page.setFontSizes', { fontSizes: { standard: px,
	    fixed: px * 13 / 16 } });
	await cdp.detach();
};

// ---- the checks themselves must be able to fail ----

await test('control: a bad page draws every complaint', async () => {
	const page = await browser.context.newPage();
	await page.setContent('<html><body><style>p{color:#999}' +
	    'button{border:0;background:#fff}</style>' +
	    '<p>pale words</p><form><input name=u><button tabindex=3 ' +
	    'onclick="1"></button></form><div style="width:900px">wide</div>' +
	    '<script>1</script></body></html>');
	const c = (await complaints(page)).join('\n');
	for (const w of ['no lang', 'no title', 'one h1', 'no main',
	    'no viewport', 'a script', 'onclick', 'no visible label',
	    'without words', 'tabindex', 'contrast 2.', 'edge of', 'px high'])
		has(c, w, 'complaints');
	const n = await complaintsAt(page, 360, 640, 'phone');
	has(n.join('\n'), 'of 360', 'narrow');
	await page.close();
});

// ---- each page ----

const pages = {
	'sign-in': {
		open: () => browser.open(flow()), status: 200,
		heading: /sign in/i,
		focus: ['User name', 'Password', 'Sign in'],
	},
	'wrong password': {
		open: async () => {
			const p = await browser.open(flow());
			await p.signIn('viewer', 'wrong');
			return p;
		},
		focus: ['User name', 'Password', 'Sign in'],
	},
	'consent': {
		open: async () => {
			const p = await browser.open(flow());
			await p.signIn('viewer', process.env.K_PW_VIEWER);
			return p;
		},
		heading: /^Allow access\?$/,
		focus: [/read.only/i, 'Approve', 'Deny'],
	},
	'unknown client': {
		open: () => browser.open(authorizeUrl(base, { client_id: 'nobody',
		    code_challenge: pkce().challenge })),
		status: 400, focus: [],
	},
	'unregistered redirect': {
		open: () => browser.open(authorizeUrl(base, { client_id:
		    client.client_id, redirect_uri: 'https://evil.example/x',
		    code_challenge: pkce().challenge })),
		status: 400, focus: [],
	},
	'no pending authorization': {
		open: () => browser.open(base + '/consent?txn=AAAAAAAAAAAAAAAA'),
		heading: /^No pending authorization$/, focus: [],
	},
};

const headersOk = (h, what) => {
	const csp = h('content-security-policy') ?? '';
	for (const d of ["default-src 'none'", "style-src 'self'",
	    "base-uri 'none'", "frame-ancestors 'none'"])
		has(csp, d, `${what}: content-security-policy`);
	hasNot(csp, 'form-action', `${what}: content-security-policy`);
	hasNot(csp, 'unsafe', `${what}: content-security-policy`);
	eq(h('x-frame-options'), 'DENY', `${what}: x-frame-options`);
	eq(h('referrer-policy'), 'same-origin', `${what}: referrer-policy`);
	eq(h('x-content-type-options'), 'nosniff', `${what}: nosniff`);
	has(h('cache-control') ?? '', 'no-store', `${what}: cache-control`);
	has(h('content-type'), /^text\/html; ?charset=utf-8$/i, what);
	eq(h('access-control-allow-origin') ?? null, null, `${what}: CORS`);
};

for (const [name, d] of Object.entries(pages)) {
	let p;
	await test(`page ${name}: opens`, async () => {
		p = await d.open();
		if (d.status)
			eq(p.answer.status(), d.status, 'status');
		if (d.heading)
			has(await p.page.locator('h1').innerText(), d.heading,
			    'heading');
		await p.shot(`page-${name.replace(/ /g, '-')}`);
	});
	if (!p)
		continue;
	await test(`page ${name}: nothing to complain about`, async () => {
		eq(await complaints(p.page), [], 'complaints');
	});
	await test(`page ${name}: focus goes through it in reading order`,
	    async () => {
		const seen = (await focusOrder(p.page)).filter((s) =>
		    s.name !== '');
		eq(seen.length, d.focus.length, `reached ${JSON.stringify(seen)}`);
		d.focus.forEach((w, i) => has(seen[i].name,
		    w instanceof RegExp ? w : new RegExp(`^${w}`, 'i'), 'focus'));
		for (const s of seen)
			ok(s.ring, `focus on ${s.name} is visible`);
	});
	await test(`page ${name}: 200 % zoom and a phone, no sideways scroll`,
	    async () => {
		// 1280 CSS px at 200 % leave 640; 400 % leave 320.
		const c = [...await complaintsAt(p.page, 640, 400, '200 %'),
		    ...await complaintsAt(p.page, 360, 640, 'phone')];
		await p.shot(`phone-${name.replace(/ /g, '-')}`);
		c.push(...await complaintsAt(p.page, 320, 256, '400 %'));
		// Only the text made twice as large, by the browser's setting.
		await fontSize(p.page, 32);
		eq(await p.page.evaluate(() => parseFloat(getComputedStyle(
		    document.body).fontSize) >= 30), true, 'control: larger');
		c.push(...await complaintsAt(p.page, 360, 640, 'large text'));
		await fontSize(p.page, 16);
		eq(c, [], 'complaints');
	});
	await test(`page ${name}: dark scheme has the same contrast`,
	    async () => {
		await p.page.setViewportSize({ width: 1280, height: 800 });
		await p.page.emulateMedia({ colorScheme: 'dark' });
		await p.shot(`dark-${name.replace(/ /g, '-')}`);
		const c = (await complaints(p.page)).filter((s) =>
		    /contrast/.test(s));
		eq(c, [], 'complaints');
		await p.page.emulateMedia({ forcedColors: 'active' });
		await p.page.emulateMedia({ forcedColors: 'none',
		    colorScheme: 'light' });
	});
	await p.page.close();
}

await test('a client name with markup in it is text on the page', async () => {
	const p = await pages.consent.open();
	has(await p.text(), 'Ledger <b>& Co</b>', 'page');
	eq(await p.page.locator('main b').filter({ hasText: '& Co' }).count(), 0,
	    'markup from a client name');
	await p.page.close();
});

await test('the form can be sent with the keyboard alone', async () => {
	const p = await browser.open(flow());
	await p.page.getByLabel(/^user ?name$/i).focus();
	await p.page.keyboard.type('viewer');
	await p.page.keyboard.press('Tab');
	await p.page.keyboard.type(process.env.K_PW_VIEWER);
	await Promise.all([p.page.waitForEvent('framenavigated'),
	    p.page.keyboard.press('Enter')]);
	await p.page.waitForLoadState('load');
	ok(await p.onConsent(), 'consent page');
	await p.page.close();
});

await test('fields tell password managers what they are', async () => {
	const p = await browser.open(flow());
	const f = (l) => p.page.getByLabel(l);
	eq(await f(/^user ?name$/i).getAttribute('autocomplete'), 'username');
	eq(await f(/^password$/i).getAttribute('autocomplete'),
	    'current-password');
	eq(await f(/^password$/i).getAttribute('type'), 'password');
	await p.page.close();
});

await test('no page can be framed, and a browser refuses to', async () => {
	const page = await browser.context.newPage();
	const said = [];
	page.on('console', (m) => said.push(m.text()));
	await page.setContent(`<iframe src="${flow().replace(/&/g, '&amp;')}">` +
	    '</iframe>');
	await page.waitForTimeout(500);
	const body = await page.frames()[1]?.locator('body').innerText()
	    .catch(() => '');
	hasNot(body ?? '', /password/i, 'framed page');
	ok(said.some((s) => /frame/i.test(s)),
	    `the browser's complaint about framing, said ${said}`);
	await page.close();
});

await test('a browser without cookies is told what is wrong', async () => {
	const a = new Agent(base);
	const page = await a.get(flow());
	a.jar.clear();
	const r = await a.submit(page, { username: 'viewer',
	    password: process.env.K_PW_VIEWER });
	ok(r.status >= 400 && r.status < 500, `status ${r.status}`);
	has(r.text, 'No pending authorization');
	headersOk((n) => r.header(n), 'no cookie');
});

await test('headers of every page forbid scripts, frames and caching',
    async () => {
	const a = new Agent(base);
	const s = await a.get(flow());
	headersOk((n) => s.header(n), 'sign-in');
	const bad = await a.submit(s, { username: 'viewer', password: 'x' });
	headersOk((n) => bad.header(n), 'wrong password');
	const good = await a.submit(bad, { username: 'viewer',
	    password: process.env.K_PW_VIEWER });
	eq(good.status, 303, 'status of a sign-in');
	const c = await a.get(good.header('location'));
	headersOk((n) => c.header(n), 'consent');
	for (const t of ['/authorize', '/consent?txn=x', '/signin'])
		headersOk(((r) => (n) => r.header(n))(await get(base, t)), t);
	const p = await http(base, 'POST', '/consent', { 'Content-Type':
	    'application/x-www-form-urlencoded' }, 'a=b');
	headersOk((n) => p.header(n), 'POST /consent');
});

await test('cookies are for this flow only, out of reach of scripts',
    async () => {
	const a = new Agent(base);
	const s = await a.get(flow());
	const c = s.all('set-cookie');
	eq(c.length, 1, `cookies ${c}`);
	for (const w of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Max-Age=600'])
		has(c[0], new RegExp(`; ?${w}(;|$)`, 'i'), 'cookie');
	has(c[0], /^keepd-[A-Za-z0-9_-]+=/, 'cookie');
	hasNot(c[0], /; ?Domain/i, 'cookie');
	const r = await a.submit(s, { username: 'viewer',
	    password: process.env.K_PW_VIEWER });
	const dev = r.all('set-cookie').find((x) =>
	    x.startsWith('keepd-device='));
	ok(dev, 'device cookie');
	has(dev, /HttpOnly/i);
	has(dev, /Max-Age=15552000/i, 'device cookie lives 180 days');
});

await browser.close();
done();
