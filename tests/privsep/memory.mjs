// SPDX-License-Identifier: ISC
// memory.mjs: sign in, refresh, call, and leave in a file, in hex, the
// secrets that went through: password, code, refresh tokens, client secret.
//	memory.mjs FILE
import { writeFileSync } from 'node:fs';
import { call, connect, refresh } from '../regress/kit.mjs';

const base = process.env.K_URL;
const pw = process.env.K_PW_DESIGNER;
const secrets = [pw];
for (let i = 0; i < 3; i++) {
	const g = await connect(base, 'designer', pw, { meta: {
	    client_name: `Scan ${i}`,
	    token_endpoint_auth_method: 'client_secret_post' } });
	const r = await refresh(base, g);
	await call(base, r.json.access_token, 'list_tables');
	secrets.push(g.code, g.refresh, r.json.refresh_token,
	    g.client.client_secret, g.verifier);
}
writeFileSync(process.argv[2], secrets.map((s) =>
    Buffer.from(s).toString('hex')).join('\n') + '\n');
