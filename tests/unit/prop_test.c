/* SPDX-License-Identifier: ISC */
/*
 * prop_test.c: random sequences of calls over all tools.  A dry run changes
 * nothing and says what the call then does; what is refused leaves the store
 * byte for byte as it was; one who is outside a package gets, call by call,
 * the same answers whether there is anything in it or not.
 */
/* link: toold/store.o toold/store_art.o toold/store_auth.o */
/* link: toold/backup_file.o toold/store_format.o toold/reader.o */
/* link: toold/store_event.o toold/store_json.o toold/store_list.o */
/* link: toold/sql.o toold/pkg.o toold/pkg_tools.o toold/lock.o */
/* link: toold/revision.o */
/* link: toold/artifact.o toold/artifact_read.o toold/artifact_ref.o */
/* link: toold/app.o toold/app_run.o toold/app_tools.o toold/webapp.o */
/* link: toold/webapp_asset.o toold/webapp_tools.o toold/script.o */
/* link: toold/script_project.o toold/script_tools.o toold/adaptive.o */
/* link: toold/adaptive_tools.o toold/api.o toold/api_tools.o */
/* link: toold/table.o toold/table_ddl.o toold/table_load.o */
/* link: toold/table_parse.o toold/table_plan.o toold/table_text.o */
/* link: toold/table_tools.o toold/row.o toold/row_cond.o */
/* link: toold/row_change.o toold/row_conv.o */
/* link: toold/row_tools.o toold/row_value.o toold/caller.o toold/role.o */
/* link: toold/schema.o toold/schema_apply.o toold/schema_build.o */
/* link: toold/schema_key.o toold/schema_rule.o toold/schema_uri.o */
/* link: toold/schema_value.o toold/pattern.o toold/pattern_class.o */
/* link: toold/pattern_parse.o toold/pattern_ucd.o */
/* link: -lsqlite3 -ljansson -lm */
#include "art_rig.h"
#include "store_rig.h"

/*
 * A tool's arguments as a template.  Behind a dollar:
 *	i	an id, mostly of the type; j: an id of any type, or of k
 *	l	the id of what was locked, mostly
 *	A S T R	an id, mostly of an API, script, table, project
 *	n	a name; a: a technical name; t: a text; p: a package, or null
 *	r	a number of a revision; k: a type; y, z: letters of types
 *	b	true or false; o: listOptions
 *	W	members of all that write
 * ?{...} is there or not.
 */
struct gen {
	const char	*tool;
	enum art_type	 type;
	const char	*args;
};
#define SAVED	"?{?{,\"expectedRevision\":$r}}$W}"
#define GONE	"{\"id\":$i?{?{,\"expectedRevision\":$r}}$W}"
#define GET	"{\"id\":$i}"
#define LIST	"{?{\"listOptions\":$o}}"

static const struct gen gens[] = {
	{ "list_packages", ART_PACKAGE, LIST },
	{ "get_package", ART_PACKAGE, GET },
	{ "save_package", ART_PACKAGE, "{\"pkg\":{?{\"id\":$i,}?{\"name\":$n,}"
	    "?{\"roles\":[?{{\"name\":\"beta\",\"accessLevel\":\"EDIT\"}}],}"
	    "?{\"internalReadOnly\":$b,}\"description\":$t}" SAVED },
	{ "delete_package", ART_PACKAGE, GONE },
	{ "list_tables", ART_TABLE, LIST },
	{ "get_table", ART_TABLE, GET },
	{ "save_table", ART_TABLE, "{\"table\":{?{\"id\":$i,}?{\"name\":$n,}"
	    "?{\"package\":$p,}\"fields\":[?{{\"fieldName\":\"b\","
	    "\"fieldType\":\"integer\"},}{\"fieldName\":\"a\",\"fieldType\":"
	    "\"text\"?{,\"isUnique\":$b}}],\"description\":$t},"
	    "\"ignoreWarning\":true" SAVED },
	{ "save_table", ART_TABLE, "{\"table\":{\"name\":$a,\"fields\":[{"
	    "\"fieldName\":\"a\",\"fieldType\":\"text\"}]}$W}" },
	{ "delete_table", ART_TABLE, "{\"id\":$i,\"ignoreWarning\":true$W}" },
	{ "query_entity_table", ART_TABLE, "{\"table\":$a?{,\"where\":{"
	    "\"a\":$t}}}" },
	{ "insert_entity_rows", ART_TABLE, "{\"table\":$a,\"rows\":[{\"a\":"
	    "$t}?{?{,{\"b\":7}}}]$W}" },
	{ "update_entity_rows", ART_TABLE, "{\"table\":$a,\"where\":{\"a\":"
	    "$t},\"set\":{\"a\":$t}$W}" },
	{ "delete_entity_rows", ART_TABLE, "{\"table\":$a,\"where\":{\"a\":"
	    "$t}$W}" },
	{ "list_apps", ART_APP, LIST },
	{ "list_apps", ART_APP, "{\"deleted\":true}" },
	{ "get_app", ART_APP, "{\"id\":$i?{,\"runtime\":$b}}" },
	{ "save_app", ART_APP, "{\"app\":{?{\"id\":$i,}?{\"application\":$a,}"
	    "?{\"package\":$p,}?{\"appType\":$y,}?{\"objects\":[{\"fieldNo\":1,"
	    "\"customComponent\":$a}],}?{\"apis\":[{\"parent\":$A}],}"
	    "\"title\":$t}" SAVED },
	{ "save_app", ART_APP, "{\"app\":{\"id\":$i,\"title\":$t}$W}" },
	{ "save_app", ART_APP, "{\"app\":{\"application\":$a?{,\"appType\":"
	    "\"E\"}}$W}" },
	{ "activate_app", ART_APP, GONE },
	{ "delete_app", ART_APP, "{\"id\":$i?{,\"purge\":$b}$W}" },
	{ "delete_app", ART_APP, "{\"id\":$i,\"purge\":true$W}" },
	{ "list_webapps", ART_WEBAPP, LIST },
	{ "get_webapp", ART_WEBAPP, GET },
	{ "save_webapp", ART_WEBAPP, "{\"webapp\":{?{\"id\":$i,}?{\"name\":$a,}"
	    "?{\"package\":$p,}?{\"apis\":[{\"parent\":$A}],}?{\"runtime\":{"
	    "\"assets\":[{\"path\":\"/a\",\"source\":\"YQ==\"}?{,{\"path\":"
	    "\"/b\",\"source\":\"\"}}]},}\"description\":$t}?{,\"assetMode\":"
	    "\"replace\"}" SAVED },
	{ "save_webapp", ART_WEBAPP, "{\"webapp\":{\"name\":$a,\"runtime\":{"
	    "\"assets\":[{\"path\":\"/a\",\"source\":\"YQ==\"},{\"path\":"
	    "\"/b\",\"source\":\"\"}]}}$W}" },
	{ "delete_webapp", ART_WEBAPP, GONE },
	{ "get_webapp_asset", ART_WEBAPP, "{\"id\":$i,\"path\":\"/a\"}" },
	{ "delete_webapp_asset", ART_WEBAPP, "{\"id\":$i,\"path\":\"/b\""
	    SAVED },
	{ "list_script_projects", ART_PROJECT, LIST },
	{ "get_script_project", ART_PROJECT, GET },
	{ "create_script_project", ART_PROJECT, "{\"name\":$n?{,\"package\":"
	    "$p}$W}" },
	{ "delete_script_project", ART_PROJECT, "{\"id\":$i?{,"
	    "\"ungroupScripts\":$b}$W}" },
	{ "list_ungrouped_scripts", ART_SCRIPT, "{}" },
	{ "get_server_script", ART_SCRIPT, GET },
	{ "save_server_script", ART_SCRIPT, "{?{\"id\":$i,}?{\"name\":$n,}"
	    "?{\"package\":$p,}?{\"projectId\":$R,}?{\"entitySets\":["
	    "{\"name\":$n}],}?{\"globalScripts\":[{\"id\":$S}],}\"content\":"
	    "$t" SAVED },
	{ "save_server_script", ART_SCRIPT, "{\"name\":$n,\"content\":$t$W}" },
	{ "delete_server_script", ART_SCRIPT, GONE },
	{ "run_server_script", ART_SCRIPT, "{\"id\":$i$W}" },
	{ "list_adaptive", ART_ADAPTIVE, LIST },
	{ "get_adaptive", ART_ADAPTIVE, "{?{\"id\":$i,}\"name\":$n}" },
	{ "save_adaptive", ART_ADAPTIVE, "{\"adaptive\":{?{\"id\":$i,}"
	    "?{\"name\":$n,}?{\"package\":$p,}?{\"type\":$z,}?{\"tableid\":$T,}"
	    "?{\"connectorid\":$j,}\"settings\":{}}" SAVED },
	{ "save_adaptive", ART_ADAPTIVE, "{\"adaptive\":{\"name\":$n,"
	    "\"type\":\"T\",\"tableid\":$T,\"settings\":{}}$W}" },
	{ "save_adaptive", ART_ADAPTIVE, "{\"adaptive\":{\"name\":$n,"
	    "\"type\":\"C\",\"connectorid\":$j,\"settings\":{}}$W}" },
	{ "delete_adaptive", ART_ADAPTIVE, GONE },
	{ "list_apis", ART_API, LIST },
	{ "get_api", ART_API, GET },
	{ "save_api", ART_API, "{\"api\":{?{\"id\":$i,}?{\"name\":$n,}"
	    "?{\"package\":$p,}?{\"paths\":[{\"id\":$j,\"path\":\"/\","
	    "\"method\":\"GET\",\"serverScript\":$S}],}\"endpoint\":"
	    "\"https://a/\"}" SAVED },
	{ "delete_api", ART_API, GONE },
	{ "list_locks", (enum art_type)0, "{}" },
	{ "acquire_lock", (enum art_type)0, "{\"type\":$k,\"id\":$j$W}" },
	{ "release_lock", (enum art_type)0, "{\"id\":$l$W}" },
	{ "release_lock", (enum art_type)0, "{\"type\":$k,\"id\":$j$W}" },
	{ "delete_lock", (enum art_type)0, "{\"id\":$l$W}" },
	{ "list_revisions", (enum art_type)0, "{\"type\":$k,\"id\":$j}" },
	{ "get_revision", (enum art_type)0, "{\"type\":$k,\"id\":$j,"
	    "\"revision\":$r}" },
	{ "diff_revisions", (enum art_type)0, "{\"type\":$k,\"id\":$j,"
	    "\"from\":$r}" },
	{ "restore_revision", (enum art_type)0, "{\"type\":$k,\"id\":$j,"
	    "\"revision\":$r,\"ignoreWarning\":true" SAVED }
};
#define NGENS	(sizeof(gens) / sizeof(gens[0]))

/* ---- chance ---- */

static uint64_t	first_seed = 1;		/* another is the first argument */
static uint64_t	seed;

static unsigned int
chance(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((unsigned int)((seed >> 20) % n));
}

#define SLOTS	8

/* Ids to be used: those made, and those an outsider may have heard of. */
static char	ids[ART_MAX][SLOTS][ID_SIZE];
static char	foreign[ART_MAX][ID_SIZE];
static unsigned int filled[ART_MAX];

static const char *const words[ART_MAX] = { [ART_PACKAGE] = "package",
	[ART_TABLE] = "table", [ART_APP] = "app", [ART_WEBAPP] = "webapp",
	[ART_SCRIPT] = "script", [ART_PROJECT] = "project",
	[ART_ADAPTIVE] = "adaptive", [ART_API] = "api" };

static void
id_note(enum art_type t, const char *id)
{
	unsigned int	i;

	for (i = 0; i < SLOTS; i++)
		if (strcmp(ids[t][i], id) == 0)
			return;
	for (i = 0; i < SLOTS; i++)
		if (ids[t][i][0] == '\0')
			filled[t] = i;
	snprintf(ids[t][filled[t]++ % SLOTS], ID_SIZE, "%s", id);
}

/* Most of what was deleted is forgotten. */
static void
id_drop(enum art_type t, const char *id)
{
	unsigned int	i;

	for (i = 0; i < SLOTS; i++)
		if (strcmp(ids[t][i], id) == 0 && chance(4) != 0)
			ids[t][i][0] = '\0';
}

static const char *
id_any(enum art_type t)
{
	static const char	none[] = "12345678-1234-4234-8234-123456789012";
	unsigned int		n = chance(12), i = chance(SLOTS), k;

	if (n == 0)
		return (none);
	if (n <= 2 && foreign[t][0] != '\0')
		return (foreign[t]);
	for (k = 0; k < SLOTS; k++, i = (i + 1) % SLOTS)
		if (ids[t][i][0] != '\0')
			return (ids[t][i]);
	return (none);
}

static enum art_type
type_any(void)
{
	return ((enum art_type)(1 + chance(ART_MAX - 1)));
}

static void
put_options(struct buf *b)
{
	static const char *const some[] = { "{}", "{\"take\":2}",
	    "{\"skip\":1,\"take\":3}", "{\"where\":{\"name\":\"a\"}}",
	    "{\"where\":{\"name\":{\"operation\":\"Like\",\"value\":\"%\"}},"
	    "\"order\":{\"name\":\"DESC\"}}", "{\"where\":{\"package\":null}}",
	    "{\"where\":{\"createdBy\":{\"operation\":\"Not\",\"value\":"
	    "\"bob\"}}}", "{\"where\":{\"bogus\":1}}",
	    "{\"where\":{\"type\":\"C\"}}",
	    "{\"order\":{\"revision\":\"DESC\"},\"select\":[\"name\"]}" };

	buf_adds(b, some[chance(sizeof(some) / sizeof(some[0]))]);
}

/* One placeholder.  type: that of an id that has none yet. */
static void
put_one(struct buf *b, char what, enum art_type type, enum art_type *drawn)
{
	static const char *const names[] = { "a", "A", "b", "c d", "e'f\\\"g",
	    "p\\u0430y", " x", "" };
	static const char *const technical[] = { "a", "b", "c", "shop", "Up",
	    "with blank" };
	static const char *const texts[] = { "", "t", "'; DROP TABLE x; --",
	    "\\u00e9\\ud83d\\ude00", "x", "y" };
	static const char	letters[] = "ACLFEX", bound[] = "TSCX";
	enum art_type		t;

	switch (what) {
	case 'k':
		*drawn = type_any();
		buf_addf(b, "\"%s\"", words[*drawn]);
		return;
	case 'A':
	case 'S':
	case 'T':
	case 'R':
		what = what == 'A' ? ART_API : what == 'S' ? ART_SCRIPT :
		    what == 'T' ? ART_TABLE : ART_PROJECT;
		buf_addf(b, "\"%s\"", id_any((enum art_type)what));
		return;
	case 'l':
		buf_addf(b, "\"%s\"", id_any((enum art_type)0));
		return;
	case 'i':
	case 'j':
		t = what == 'i' ? type : *drawn != 0 ? *drawn : type_any();
		buf_addf(b, "\"%s\"", id_any(chance(16) == 0 ? type_any() :
		    t));
		return;
	case 'p':
		if (chance(2) == 0)
			buf_adds(b, "null");
		else
			buf_addf(b, "\"%s\"", id_any(ART_PACKAGE));
		return;
	case 'n': buf_addf(b, "\"%s\"", names[chance(chance(6) != 0 ? 4 :
	    8)]); return;
	case 'a': buf_addf(b, "\"%s\"", technical[chance(chance(6) != 0 ? 4 :
	    6)]); return;
	case 't': buf_addf(b, "\"%s\"", texts[chance(6)]); return;
	case 'r': buf_addf(b, "%u", 1 + chance(4)); return;
	case 'b': buf_adds(b, chance(2) ? "true" : "false"); return;
	case 'y': buf_addf(b, "\"%c\"", letters[chance(6)]); return;
	case 'z': buf_addf(b, "\"%c\"", bound[chance(4)]); return;
	case 'o': put_options(b); return;
	default: fail_msg("placeholder %c", what);
	}
}

/* The end of ?{...}, whose opening brace is at s. */
static const char *
closing(const char *s)
{
	int	depth = 0;

	for (;; s++)
		if (*s == '{')
			depth++;
		else if (*s == '}' && --depth == 0)
			return (s);
}

static void
expand(struct buf *b, const char *s, const char *end, enum art_type type,
    enum art_type *drawn)
{
	const char	*close;

	for (; s < end; s++) {
		if (s[0] == '?' && s[1] == '{') {
			close = closing(s + 1);
			if (chance(2) == 0)
				expand(b, s + 2, close, type, drawn);
			s = close;
		} else if (s[0] == '$' && s[1] == 'W') {
			buf_adds(b, "@");	/* dryRun comes here, or not */
			s++;
		} else if (s[0] == '$')
			put_one(b, *++s, type, drawn);
		else
			buf_addc(b, (uint8_t)*s);
	}
}

static const struct gen *
draw(struct buf *b)
{
	const struct gen	*g = &gens[chance(NGENS)];
	enum art_type		 drawn = (enum art_type)0;

	buf_reset(b);
	expand(b, g->args, g->args + strlen(g->args), g->type, &drawn);
	buf_addc(b, '\0');
	return (g);
}

/* ---- calling ---- */

static char *
call_it(const struct caller *who, const struct gen *g, const struct buf *args,
    const char *more)
{
	static char	 text[8192];
	const char	*at = strchr((const char *)args->data, '@');

	if (at == NULL)
		snprintf(text, sizeof(text), "%s", (const char *)args->data);
	else
		snprintf(text, sizeof(text), "%.*s%s%s",
		    (int)(at - (const char *)args->data),
		    (const char *)args->data, more, at + 1);
	return (strdup(rig_run(who, g->tool, "%s", text)));
}

/* Ids that are made are different each time. */
static char *
mask(char *s)
{
	char	*p;

	for (p = s; strlen(p) >= UUID_LEN; p++)
		if (uuid_valid(p, UUID_LEN))
			memset(p, 'u', UUID_LEN);
	return (s);
}

static void
learn(const struct gen *g, const char *answer)
{
	json_t		*v = json_loads(answer, 0, NULL), *o;
	const char	*id;

	if (g->type != 0 || strcmp(g->tool, "acquire_lock") == 0) {
		o = json_object_get(v, "api");
		id = json_string_value(json_object_get(o != NULL ? o : v,
		    "id"));
		/* What lies in the trash is there for more. */
		if (id != NULL && json_object_get(v, "deleted") != NULL &&
		    !json_is_false(json_object_get(v, "purged")) &&
		    strcmp(g->tool, "delete_webapp_asset") != 0)
			id_drop(g->type, id);
		else if (id != NULL)
			id_note(g->type, id);
	}
	json_decref(v);
}

static void
dump(struct buf *b)
{
	buf_reset(b);
	assert_int_equal(store_dump(b), 0);
}

static int
same(const struct buf *a, const struct buf *b)
{
	return (a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

static void
forget(uint64_t start)
{
	memset(ids, 0, sizeof(ids));
	memset(foreign, 0, sizeof(foreign));
	memset(filled, 0, sizeof(filled));
	seed = start;
	rig_now = INT64_C(1790000000000);
}

/* ---- a dry run is what happens; what is refused changes nothing ---- */

/* Take the mark of a dry run out. */
static char *
unmark(char *s)
{
	static const char	m[] = ",\"dryRun\":true";
	char			*p = strstr(s, m);

	if (p != NULL)
		memmove(p, p + sizeof(m) - 1, strlen(p + sizeof(m) - 1) + 1);
	return (mask(s));
}

/* What a save tells is what get tells afterwards. */
static void
check_saved(const struct gen *g, const char *saved)
{
	const char	*key, *r;
	json_t		*a, *b, *v, *w;
	char		 tool[64];

	if (strncmp(g->tool, "save_", 5) != 0)
		return;
	snprintf(tool, sizeof(tool), "get_%s", g->tool + 5);
	a = json_loads(saved, 0, NULL);
	r = rig_run(&root, tool, "{\"id\":\"%s\"}", json_string_value(
	    json_object_get(a, "id")));
	b = json_loads(r, 0, NULL);
	if (b == NULL)
		fail_msg("%s after %s: %s", tool, saved, r);
	w = json_object_get(b, "api");
	json_object_foreach(w != NULL ? w : b, key, v)
		if (json_object_get(a, key) != NULL &&
		    !json_equal(v, json_object_get(a, key)))
			fail_msg("%s: %s of %s is not that of %s", tool, key,
			    saved, r);
	json_decref(a);
	json_decref(b);
}

struct tally {
	unsigned int	done, refused;
};

static void
one_step(const struct caller *who, struct buf *args, struct buf *before,
    struct buf *after, struct tally *n)
{
	const struct gen	*g = draw(args);
	int			 writes = rig_tool(g->tool)->writes, failed;
	char			*dry = NULL, *real;
	struct buf		 swap;

	rig_now += 5000;	/* so that locks end */
	if (writes) {
		dry = unmark(call_it(who, g, args, ",\"dryRun\":true"));
		dump(after);
		if (!same(before, after))
			fail_msg("dry run of %s %s changed the store",
			    g->tool, (const char *)args->data);
	}
	real = call_it(who, g, args, "");
	failed = real[0] == '!';
	dump(after);
	if (same(before, after) != (failed || !writes))
		fail_msg("%s %s: %s, and the store %s", g->tool,
		    (const char *)args->data, real, failed || !writes ?
		    "changed" : "did not");
	n[g - gens].done += !failed;
	n[g - gens].refused += failed;
	if (!failed) {
		learn(g, real);
		check_saved(g, real);
	}
	mask(real);
	if (writes && strcmp(dry, real) != 0)
		fail_msg("%s %s: dry run said %s, then came %s", g->tool,
		    (const char *)args->data, dry, real);
	free(dry);
	free(real);
	swap = *before;
	*before = *after;
	*after = swap;
}

static void
tool_tried(const struct tally *n, const char *tool)
{
	unsigned int	done = 0, refused = 0;
	size_t		i;

	for (i = 0; i < NGENS; i++)
		if (strcmp(gens[i].tool, tool) == 0) {
			done += n[i].done;
			refused += n[i].refused;
		}
	if ((done == 0 && strcmp(tool, "run_server_script") != 0) ||
	    (refused == 0 && strncmp(tool, "list_", 5) != 0))
		fail_msg("%s: %u worked, %u did not", tool, done, refused);
}

static void
run_dry(uint64_t start, size_t steps)
{
	static const struct caller *const who[] = { &ann, &ann, &bob, &root };
	struct msg_conf_toold	conf = { .read_ms = 2000, .ddl_ms = 30000,
				    .lock_s = 600, .revisions = 4 };
	struct tally	n[NGENS];
	struct buf	args, before, after;
	size_t		i;

	memset(n, 0, sizeof(n));
	store_setconf(&conf);
	buf_init(&args, 8192);
	buf_init(&before, 0);
	buf_init(&after, 0);
	forget(start);
	dump(&before);
	for (i = 0; i < steps; i++) {
		one_step(who[chance(4)], &args, &before, &after, n);
		if (i % 64 != 0)
			continue;
		assert_int_equal(store_outbox_del(UINT64_MAX >> 1), 0);
		dump(&before);
	}
	/* A tool that never worked, or never failed, was not tested. */
	for (i = 0; i < NGENS && first_seed == 1; i++)
		tool_tried(n, gens[i].tool);
	buf_free(&args);
	buf_free(&before);
	buf_free(&after);
}

static void
test_dry_run(void **state)
{
	run_dry(first_seed * UINT64_C(0x9e3779b97f4a7c15), 4000);
}

/* ---- an outsider changes nothing and learns nothing ---- */

#define STEPS	2000
#define MARK	"topsecret"

static const char	closed[] = "{\"pkg\":{\"name\":\"" MARK "\",\"roles\":[{"
    "\"name\":\"alpha\",\"accessLevel\":\"EDIT\"}]}}";

/* One of each type in the closed package, changed, locked; one deleted. */
static void
make_secrets(void)
{
	static const struct {
		enum art_type	 type;
		const char	*tool, *open, *close;
	} t[] = {
		{ ART_TABLE, "save_table", "{\"table\":{\"fields\":[{"
		    "\"fieldName\":\"a\",\"fieldType\":\"text\"}],\"name\":"
		    "\"" MARK "_%u\",", "}}" },
		{ ART_APP, "save_app", "{\"app\":{\"application\":\"" MARK
		    "_%u\",\"objects\":[],", "}}" },
		{ ART_WEBAPP, "save_webapp", "{\"webapp\":{\"name\":\"" MARK
		    "_%u\",\"runtime\":{\"page\":\"" MARK "\"},", "}}" },
		{ ART_PROJECT, "create_script_project", "{\"name\":\"" MARK
		    "_%u\",", "}" },
		{ ART_SCRIPT, "save_server_script", "{\"name\":\"" MARK
		    "_%u\",\"content\":\"" MARK "\",", "}" },
		{ ART_ADAPTIVE, "save_adaptive", "{\"adaptive\":{\"name\":\""
		    MARK "_%u\",\"type\":\"C\",\"connectorid\":\"12345678-1234-"
		    "4234-8234-123456789012\",\"settings\":{},", "}}" },
		{ ART_API, "save_api", "{\"api\":{\"name\":\"" MARK "_%u\","
		    "\"endpoint\":\"https://" MARK "/\",", "}}" }
	};
	char		pkg[64], id[64], open[512];
	unsigned int	k;
	size_t		i;

	snprintf(pkg, sizeof(pkg), "%s", rig_id(rig_run(&ann, "save_package",
	    "%s", closed)));
	snprintf(foreign[ART_PACKAGE], ID_SIZE, "%s", pkg);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (k = 0; k < 2; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(open, sizeof(open), t[i].open, k);
#pragma GCC diagnostic pop
			snprintf(id, sizeof(id), "%s", rig_id(rig_run(&ann,
			    t[i].tool, "%s\"package\":\"%s\",\"description\":"
			    "\"" MARK "\"%s", open, pkg, t[i].close)));
			if (k == 0)
				snprintf(foreign[t[i].type], ID_SIZE, "%s",
				    id);
			rig_ok(&ann, "acquire_lock", "{\"type\":\"%s\","
			    "\"id\":\"%s\"}", words[t[i].type], id);
			if (k == 1 && t[i].type == ART_APP)
				rig_ok(&ann, "delete_app", "{\"id\":\"%s\"}",
				    id);
		}
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"" MARK "_0\","
	    "\"rows\":[{\"a\":\"" MARK "\"}]}");
}

/* What is hidden is not even read: time would tell. */
static void
check_unread(void)
{
	struct art	a;
	int		t;

	for (t = ART_PACKAGE; t < ART_MAX; t++) {
		assert_int_equal(art_load(&bob, (enum art_type)t, foreign[t],
		    ART_DEF, &a), 1);
		assert_int_equal(a.level, PL_NONE);
		assert_null(a.def);
		assert_int_equal(art_load(&ann, (enum art_type)t, foreign[t],
		    ART_DEF, &a), 1);
		assert_non_null(a.def);
		art_free(&a);
	}
}

/* The same names for what is not there. */
static void
make_ghosts(void)
{
	int	t;

	for (t = ART_PACKAGE; t < ART_MAX; t++)
		snprintf(foreign[t], ID_SIZE, "%08d-0000-4000-8000-"
		    "000000000000", t);
}

/* All that a caller gets to see in one run of many calls. */
static void
run_outsider(const struct caller *who, char **answers, unsigned int *done)
{
	const struct gen	*g;
	struct buf		 args;
	int			 i;

	buf_init(&args, 8192);
	*done = 0;
	for (i = 0; i < STEPS; i++) {
		rig_now += 7;
		g = draw(&args);
		answers[i] = call_it(who, g, &args, "");
		if (answers[i][0] != '!') {
			learn(g, answers[i]);
			++*done;
		}
		mask(answers[i]);
	}
	buf_free(&args);
}

/* The first answer that differs; -1: none. */
static int
compare_and_free(char **a, char **b)
{
	int	i, first = -1;

	for (i = 0; i < STEPS; i++) {
		if (first == -1 && strcmp(a[i], b[i]) != 0) {
			first = i;
			print_message("answer %d: %.400s\nelse: %.400s\n", i,
			    a[i], b[i]);
		}
		free(a[i]);
		free(b[i]);
	}
	return (first);
}

static char	*with[STEPS], *without[STEPS];

static void
test_outsider(void **state)
{
	static const char *const lists[] = { "list_tables", "list_apps",
	    "list_webapps", "list_adaptive", "list_apis", "list_locks",
	    "list_script_projects", "list_ungrouped_scripts" };
	char		*before[8], after[65536];
	unsigned int	 done;
	uint64_t	 start;
	size_t		 i;
	int		 k;

	for (start = first_seed; start < first_seed + 2; start++) {
		forget(start * UINT64_C(0x2545f4914f6cdd1d));
		make_ghosts();
		run_outsider(&bob, without, &done);
		assert_true(done > STEPS / 5);
		rig_teardown(NULL);
		rig_setup(NULL);
		forget(start * UINT64_C(0x2545f4914f6cdd1d));
		make_secrets();
		for (i = 0; i < 8; i++)
			before[i] = strdup(rig_run(&ann, lists[i],
			    i == 5 || i == 7 ? "{}" : "{\"listOptions\":{"
			    "\"where\":{\"package\":\"%s\"}}}",
			    foreign[ART_PACKAGE]));
		check_unread();
		run_outsider(&bob, with, &done);
		for (k = 0; k < STEPS; k++)
			if (strstr(with[k], MARK) != NULL)
				fail_msg("answer %d: %.400s", k, with[k]);
		assert_int_equal(compare_and_free(with, without), -1);
		/* And what is ann's is as it was. */
		for (i = 0; i < 8; i++) {
			snprintf(after, sizeof(after), "%s", rig_run(&ann,
			    lists[i], i == 5 || i == 7 ? "{}" :
			    "{\"listOptions\":{\"where\":{\"package\":\"%s\"}}}",
			    foreign[ART_PACKAGE]));
			if (i != 5 && i != 7)
				assert_string_equal(after, before[i]);
			free(before[i]);
		}
		rig_teardown(NULL);
		rig_setup(NULL);
	}
}

/* The control: to one who is in, the same calls do tell the difference. */
static void
test_insider(void **state)
{
	unsigned int	done;

	forget(UINT64_C(0x2545f4914f6cdd1d));
	make_ghosts();
	run_outsider(&ann, without, &done);
	rig_teardown(NULL);
	rig_setup(NULL);
	forget(UINT64_C(0x2545f4914f6cdd1d));
	make_secrets();
	run_outsider(&ann, with, &done);
	assert_int_not_equal(compare_and_free(with, without), -1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_dry_run),
		RIG_TEST(test_outsider),
		RIG_TEST(test_insider),
	};

	if (argc > 1)
		first_seed = strtoul(argv[1], NULL, 10);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
