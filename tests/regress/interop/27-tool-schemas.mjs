// SPDX-License-Identifier: ISC
// Clients drop tools whose schema they dislike.  Seen: opentokenz/mcpx#28;
// anthropics/claude-code#95504; kintone/mcp-server#547; copilot-cli#1876.
export const title = 'tool schemas';
export async function run(k) {
	const { test, eq, ok, has, base, connect, rpc, PW } = k;
	await test('hold nothing that a client is known to choke on', async () => {
		const g = await connect(base, 'admin', process.env.K_PW_ADMIN);
		const { tools } = (await rpc(base, g.access, 'tools/list', {}))
		    .json.result;
		ok(tools.length > 10, 'tools');
		const bad = (s) => {
			const out = [];
			if (s?.type !== 'object')
				out.push('type');
			if (typeof s?.properties !== 'object')
				out.push('properties');
			for (const w of ['oneOf', 'anyOf', 'allOf', 'if', 'not',
			    '$ref', '$schema'])
				if (w in s)
					out.push(w);
			if (/draft-0[467]|"\$ref"/.test(JSON.stringify(s)))
				out.push('draft or $ref inside');
			return out;
		};
		eq(bad({ $schema: 'http://json-schema.org/draft-07/schema#',
		    anyOf: [] }).length > 3, true, 'control');
		for (const t of tools) {
			has(t.name, /^[a-z0-9_]{1,48}$/);
			eq(bad(t.inputSchema), [], `inputSchema of ${t.name}`);
			eq(bad(t.outputSchema), [], `outputSchema of ${t.name}`);
			ok(t.description.length < 2000, `length of ${t.name}`);
		}
	});
}
