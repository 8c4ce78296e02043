// SPDX-License-Identifier: ISC
// prepare.mjs: what the load generators need: 1,000 tables, a token, and
// 64 grants with a refresh token each.
//	prepare.mjs DIR
import { writeFileSync } from 'node:fs';
import { call, connect, rpc } from '../regress/kit.mjs';

const dir = process.argv[2];
const base = process.env.K_URL;
const pw = process.env.K_PW_ADMIN;

const g = await connect(base, 'admin', pw);
const ids = [];
for (let i = 0; i < 1000; i++) {
	const t = await call(base, g.access, 'save_table', { table: {
	    name: `bench_${i}`, description: 'a record to read',
	    fields: [{ fieldName: 'title', fieldType: 'text' },
	        { fieldName: 'amount', fieldType: 'integer' },
	        { fieldName: 'done', fieldType: 'boolean' }] } });
	ids.push(t.id ?? t.table?.id);
}
writeFileSync(`${dir}/calls`, [g.access, ...ids].join('\n') + '\n');

// What nginx serves beside it: as many bytes as an administrator's list.
const list = await rpc(base, g.access, 'tools/list');
writeFileSync(`${dir}/list.json`, list.text);

const families = [];
for (let i = 0; i < 64; i++) {
	const f = await connect(base, 'admin', pw);
	families.push(`${f.client.client_id} ${f.refresh}`);
}
writeFileSync(`${dir}/families`, families.join('\n') + '\n');
