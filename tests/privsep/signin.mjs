// SPDX-License-Identifier: ISC
// signin.mjs: sign in through the honest listeners and print the access
// token, or "no".
//	signin.mjs USER PASSWORD
import { connect } from '../regress/kit.mjs';

try {
	const g = await connect(process.env.K_URL, process.argv[2],
	    process.argv[3]);
	console.log(g.access);
} catch {
	console.log('no');
}
process.exit(0);
