// SPDX-License-Identifier: ISC
// Cannot answer elicitation.  Seen: chouse-ui#352.
export const title = 'no elicitation';
export async function run(k) {
	const { test, eq, base, connect, call, rpc, MODERN } = k;
	await test('destructive calls finish without asking back', async () => {
		const g = await connect(base, 'designer', process.env.K_PW_DESIGNER);
		for (const era of ['2025-03-26', '2025-11-25', MODERN]) {
			const name = 'noask' + era.replace(/-/g, '');
			const t = (await rpc(base, g.access, 'tools/call', { name:
			    'save_table', arguments: { table: { name, fields:
			    [{ fieldName: 'a', fieldType: 'text' }] } } }, { era }))
			    .json.result;
			const id = JSON.parse(t.content[0].text).id;
			const d = await rpc(base, g.access, 'tools/call', { name:
			    'delete_table', arguments: { id } }, { era });
			eq(d.status, 200, era);
			eq(d.json.result.isError ?? false, false, d.text);
			eq([undefined, 'complete'].includes(d.json.result.resultType),
			    true, `resultType ${d.json.result.resultType}`);
		}
	});
}
