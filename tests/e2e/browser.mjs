// SPDX-License-Identifier: ISC
// browser.mjs: a person in headless Chromium.  Finds everything by what is
// visible on the page (labels and the words on buttons), never by a field's
// name or an element's id: what this cannot find, a person could not either.

import { mkdtempSync, rmSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

export class Browser {
	static async launch(opts = {}) {
		const b = new Browser();
		b.opts = opts;
		await b.start();
		return b;
	}
	async start() {
		const b = this, opts = this.opts;
		b.home = mkdtempSync(path.join(tmpdir(), 'keepd-browser-'));
		b.shots = opts.shots ?? process.env.K_SHOTS;
		if (b.shots)
			mkdirSync(b.shots, { recursive: true });
		b.context = await chromium.launchPersistentContext(b.home, {
		    executablePath: process.env.K_CHROMIUM ?? '/usr/bin/chromium',
		    headless: true, args: ARGS,
		    env: { ...process.env, HOME: b.home, XDG_CONFIG_HOME: b.home,
		    XDG_CACHE_HOME: b.home },
		    viewport: opts.viewport ?? { width: 1280, height: 800 },
		    // the certificate that tests/proxy.sh made for itself
		    ignoreHTTPSErrors: !!process.env.K_CA,
		    deviceScaleFactor: opts.scale ?? 1 });
		b.context.setDefaultTimeout(15000);
	}
	async close() {
		await this.context.close();
		rmSync(this.home, { recursive: true, force: true });
	}
	async open(url) {
		try {
			return await this.show(url);
		} catch (e) {
			// Chromium itself died, which says nothing of keepd: again.
			if (!/browser has been closed/.test(e.message))
				throw e;
			console.log(`# the browser died and was started again`);
			rmSync(this.home, { recursive: true, force: true });
			await this.start();
			return this.show(url);
		}
	}
	async show(url) {
		const page = await this.context.newPage();
		const p = new Person(this, page);
		p.answer = await page.goto(url);
		return p;
	}
}

const USER = /^user ?name$/i, PASSWORD = /^password$/i;

export class Person {
	constructor(browser, page) {
		this.browser = browser;
		this.page = page;
	}
	async shot(name) {
		if (this.browser.shots)
			await this.page.screenshot({ fullPage: true, path:
			    path.join(this.browser.shots, name + '.png') });
	}
	text() {
		return this.page.locator('body').innerText();
	}
	button(name) {
		return this.page.getByRole('button', { name, exact: true });
	}
	// Resolves when the next page is there.
	async press(name) {
		await Promise.all([
			this.page.waitForEvent('framenavigated'),
			this.button(name).click(),
		]);
		await this.page.waitForLoadState('load');
	}
	async signIn(user, password) {
		await this.page.getByLabel(USER).fill(user);
		await this.page.getByLabel(PASSWORD).fill(password);
		await this.press('Sign in');
	}
	// Signed in means: the consent page is shown.
	async onConsent() {
		return await this.button('Approve').count() === 1 &&
		    await this.button('Deny').count() === 1;
	}
	async approve(opts = {}) {
		if (opts.readOnly)
			await this.page.getByLabel(/read.only/i).check();
		await this.press('Approve');
	}
	async deny() {
		await this.press('Deny');
	}
	// The whole way of somebody who wants to connect.
	async connect(user, password, opts = {}) {
		await this.signIn(user, password);
		if (!await this.onConsent())
			throw new Error('no consent page after sign-in: ' +
			    (await this.text()).slice(0, 300));
		await this.approve(opts);
	}
}

// ---- what a page must be for people: returns a list of complaints ----

/* Runs inside the page. */
function lookAt() {
	const out = [];
	const doc = document.documentElement;
	if (!/^[a-z]{2}(-|$)/i.test(doc.lang))
		out.push('html has no lang');
	if (!document.title.trim())
		out.push('page has no title');
	if (document.querySelectorAll('h1').length !== 1)
		out.push('page has not exactly one h1');
	if (!document.querySelector('main, [role=main]'))
		out.push('page has no main landmark');
	const vp = document.querySelector('meta[name=viewport]');
	if (!vp || !/width=device-width/.test(vp.content))
		out.push('no viewport for small screens');
	if (vp && /user-scalable=no|maximum-scale/.test(vp.content))
		out.push('viewport forbids zoom');
	if (document.scripts.length)
		out.push('page has a script');
	for (const e of document.querySelectorAll('*'))
		for (const a of e.attributes)
			if (/^on/i.test(a.name))
				out.push(`<${e.localName}> has ${a.name}`);
	for (const e of document.querySelectorAll('[src],link[href]')) {
		const u = new URL(e.src || e.href, location.href);
		if (u.origin !== location.origin && u.protocol !== 'data:')
			out.push(`loads ${u.origin}`);
	}
	for (const e of document.querySelectorAll(
	    'input:not([type=hidden]):not([type=submit]),select,textarea')) {
		const named = e.labels && [...e.labels].some((l) =>
		    l.innerText.trim() && l.getBoundingClientRect().width > 0);
		if (!named)
			out.push(`field ${e.name} has no visible label`);
	}
	for (const e of document.querySelectorAll('button'))
		if (!e.innerText.trim())
			out.push('button without words');
	for (const e of document.querySelectorAll('[tabindex]'))
		if (Number(e.getAttribute('tabindex')) > 0)
			out.push('positive tabindex changes the focus order');

	// Contrast as WCAG 2 computes it.
	const rgba = (s) => {
		const m = /rgba?\(([^)]+)\)/.exec(s);
		const p = m ? m[1].split(/[ ,/]+/).map(Number) : [0, 0, 0, 0];
		return [p[0], p[1], p[2], p.length > 3 ? p[3] : 1];
	};
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] +
	    b[i] * (1 - a[3])).concat(1);
	const lum = (c) => {
		const [r, g, b] = c.map((v) => {
			v /= 255;
			return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ratio = (a, b) => {
		const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p);
		return (x + 0.05) / (y + 0.05);
	};
	const ground = (e) => {
		const stack = [];
		for (let n = e; n; n = n.parentElement)
			stack.push(rgba(getComputedStyle(n).backgroundColor));
		let c = [255, 255, 255, 1];
		for (const b of stack.reverse())
			c = over(b, c);
		return c;
	};
	let checked = 0;
	const walk = document.createTreeWalker(document.body,
	    NodeFilter.SHOW_TEXT);
	for (let n = walk.nextNode(); n; n = walk.nextNode()) {
		const e = n.parentElement;
		if (!n.data.trim() || !e.getClientRects().length ||
		    ['STYLE', 'SCRIPT'].includes(e.tagName))
			continue;
		const st = getComputedStyle(e);
		const px = parseFloat(st.fontSize);
		const big = px >= 24 || (px >= 18.66 &&
		    Number(st.fontWeight) >= 700);
		const bg = ground(e);
		const r = ratio(over(rgba(st.color), bg), bg);
		checked++;
		if (r < (big ? 3 : 4.5))
			out.push(`contrast ${r.toFixed(2)} of ` +
			    JSON.stringify(n.data.trim().slice(0, 40)));
	}
	if (!checked)
		out.push('page has no text');
	for (const e of document.querySelectorAll(
	    'input:not([type=hidden]):not([type=checkbox]),button')) {
		const st = getComputedStyle(e);
		const around = ground(e.parentElement);
		const edge = parseFloat(st.borderTopWidth) > 0 ?
		    ratio(over(rgba(st.borderTopColor), around), around) : 0;
		const fill = ratio(ground(e), around);
		if (Math.max(edge, fill) < 3)
			out.push(`edge of ${e.name || e.innerText} has contrast ` +
			    Math.max(edge, fill).toFixed(2));
		const box = e.getBoundingClientRect();
		if (box.height < 24)
			out.push(`${e.name || e.innerText} is ${box.height} px high`);
	}
	return out;
}

export const complaints = (page) => page.evaluate(lookAt);

// Complaints of a page at a width, where it must not scroll sideways.
export async function complaintsAt(page, width, height, name) {
	await page.setViewportSize({ width, height });
	return page.evaluate(([w, name]) => {
		const out = [];
		const d = document.documentElement;
		if (d.scrollWidth > d.clientWidth)
			out.push(`${name}: page is ${d.scrollWidth} wide of ${w}`);
		for (const e of document.querySelectorAll('body *')) {
			const b = e.getBoundingClientRect();
			if (b.width && (b.right > w + 1 || b.left < -1))
				out.push(`${name}: <${e.localName}> reaches ` +
				    `${Math.round(b.right)} of ${w}`);
		}
		return out;
	}, [width, name]);
}

// The names of what Tab reaches, in its order.
export async function focusOrder(page) {
	const seen = [];
	// A click on nothing is where the next Tab starts from.
	await page.mouse.click(1, 1);
	for (let i = 0; i < 30; i++) {
		await page.keyboard.press('Tab');
		const n = await page.evaluate(() => {
			const e = document.activeElement;
			if (!e || e === document.body)
				return null;
			const st = getComputedStyle(e);
			const ring = (st.outlineStyle !== 'none' &&
			    parseFloat(st.outlineWidth) >= 1) ||
			    st.boxShadow !== 'none';
			const label = e.labels?.[0]?.innerText ?? e.innerText;
			return { name: label.trim().split('\n')[0], ring };
		});
		if (n === null || seen.some((s) => s.name === n.name))
			break;
		seen.push(n);
	}
	return seen;
}
