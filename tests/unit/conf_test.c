/* SPDX-License-Identifier: ISC */
/*
 * conf_test.c: values with units, the rules over a whole configuration, and
 * what a reload may change.  Links the code of master that needs no file.
 */
/* link: master/conf.o master/conf_check.o master/conf_value.o */
#include "t.h"

#include "master/conf.h"

static struct conf	 a, b;
static const struct conf_host root_host = { 1, 4, 0, 0 };
static const struct conf_host user_host = { 0, 4, 0, 0 };

static void
values_are_read(void **state)
{
	static const struct {
		enum conf_kind	 kind;
		const char	*text;
		uint64_t	 n;
		const char	*back;
	} good[] = {
		{ CT_COUNT, "0", 0, "0" }, { CT_COUNT, "17", 17, "17" },
		{ CT_SECONDS, "90", 90, "90s" },
		{ CT_SECONDS, "1h", 3600, "1h" },
		{ CT_SECONDS, "90m", 5400, "90m" },
		{ CT_SECONDS, "1w", 604800, "7d" },
		{ CT_SECONDS, "2000ms", 2, "2s" },
		{ CT_MSECS, "500ms", 500, "500ms" },
		{ CT_MSECS, "2", 2000, "2s" },
		{ CT_BYTES, "64k", 65536, "64k" },
		{ CT_BYTES, "64K", 65536, "64k" },
		{ CT_BYTES, "1000", 1000, "1000" },
		{ CT_MBYTES, "1G", 1024, "1G" },
		{ CT_DAYS, "90d", 90, "90d" }, { CT_DAYS, "48h", 2, "2d" },
		{ CT_COST, "2^16", 16, "2^16" }, { CT_COST, "16", 16, "2^16" },
		{ CT_COST, "65536", 16, "2^16" }
	};
	char		buf[32];
	uint64_t	n;
	size_t		i;

	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(value_number(good[i].kind, good[i].text, &n),
		    0);
		assert_int_equal(n, good[i].n);
		assert_string_equal(value_text(good[i].kind, n, buf,
		    sizeof(buf)), good[i].back);
	}
}

static void
values_are_refused(void **state)
{
	static const struct {
		enum conf_kind	 kind;
		const char	*text;
	} bad[] = {
		{ CT_COUNT, "" }, { CT_COUNT, "-1" }, { CT_COUNT, "1k" },
		{ CT_COUNT, " 1" }, { CT_COUNT, "1 " }, { CT_COUNT, "0x10" },
		{ CT_COUNT, "99999999999999999999" },
		{ CT_SECONDS, "h" }, { CT_SECONDS, "1y" },
		{ CT_SECONDS, "500ms" }, { CT_SECONDS, "1h30m" },
		{ CT_SECONDS, "9007199254740992w" },
		{ CT_MBYTES, "1000" }, { CT_MBYTES, "1" },
		{ CT_DAYS, "1h" }, { CT_BYTES, "1T" }, { CT_BYTES, "1.5M" },
		{ CT_COST, "0" }, { CT_COST, "65537" }, { CT_COST, "2^" },
		{ CT_COST, "2^-1" }, { CT_COST, "3^16" },
		{ CT_WORD, "1" }, { CT_PATH, "1" }
	};
	uint64_t	n;
	size_t		i;

	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(value_number(bad[i].kind, bad[i].text, &n),
		    -1);
}

static const char *
set(struct conf *c, const char *section, const char *name, const char *value)
{
	const struct conf_setting *s;

	s = conf_setting(section, name);
	assert_non_null(s);
	return (conf_set(c, s, value));
}

/* Every default is a value that its own row takes, and fits its bounds. */
static void
defaults_are_good(void **state)
{
	const struct conf_setting *s;
	size_t	 i;

	conf_init(&a);
	for (i = 0; (s = conf_setting_at(i)) != NULL; i++) {
		if (s->preset != NULL)
			assert_null(conf_set(&a, s, s->preset));
		assert_ptr_equal(conf_setting(s->section, s->name), s);
	}
	assert_int_equal(a.authd.access_s, 3600);
	assert_int_equal(a.authd.refresh_s, 7 * 86400);
	assert_int_equal(a.authd.secret_s, 30 * 86400);
	assert_int_equal(a.authd.family_s, 30 * 86400);
	assert_int_equal(a.authd.code_s, 60);
	assert_int_equal(a.authd.grace_s, 120);
	assert_int_equal(a.authd.scrypt_ln, 16);
	assert_non_null(set(&a, "", "scrypt-cost", "2^14"));
	assert_non_null(set(&a, "lifetimes", "access", "1s"));
	assert_null(conf_setting("", "access"));
}

static void
near_names_are_found(void **state)
{
	assert_string_equal(conf_nearest("", "prefrok"), "prefork");
	assert_string_equal(conf_nearest("", "host"), "hosts");
	assert_string_equal(conf_nearest("limits", "body_size"), "body-size");
	assert_null(conf_nearest("", "colour"));
	assert_null(conf_nearest("", "a-word-that-is-longer-than-any-of-the-"
	    "words-of-the-table"));
}

static const char *
check(struct conf *c, const struct conf_host *h, const char *url,
    const char *addr)
{
	uint32_t	line;

	conf_init(c);
	if (url != NULL)
		assert_null(set(c, "", "public-url", url));
	if (addr != NULL)
		assert_null(conf_add_listen(c, addr, "8080", 0, 7));
	return (conf_check(c, h, &line));
}

/* All defaults, all addresses with TLS, one certificate. */
static const char *
set_defaults_tls(struct conf *c, const char *url)
{
	const char	*why;

	conf_init(c);
	assert_null(set(c, "", "public-url", url));
	why = conf_add_listen(c, "*", "443", 1, 3);
	return (why != NULL ? why : conf_add_cert(c, "/etc/c.pem",
	    "/etc/c.key", NULL));
}

static void
public_url_rules(void **state)
{
	static const char *const bad[] = { "http://mcp.example.org",
	    "ftp://mcp.example.org", "https://mcp.example.org/path",
	    "https://mcp.example.org/#a", "https://mcp.example.org/?a",
	    "https://", "mcp.example.org", "https://a@mcp.example.org",
	    "http://127.0.0.2", "http://localhost.example.org" };
	struct conf_host dev = root_host;
	size_t	 i;

	assert_null(check(&a, &root_host, "https://mcp.example.org/",
	    "127.0.0.1"));
	assert_string_equal(a.public_url, "https://mcp.example.org");
	assert_null(check(&a, &root_host, "http://localhost:1", "127.0.0.1"));
	assert_null(check(&a, &root_host, NULL, "127.0.0.1"));
	assert_string_equal(a.public_url, "http://127.0.0.1:8080");
	assert_null(check(&a, &root_host, NULL, "::1"));
	assert_string_equal(a.public_url, "http://localhost:8080");
	for (i = 0; i < COUNT(bad); i++)
		assert_non_null(check(&a, &root_host, bad[i], "127.0.0.1"));
	dev.env_development = 1;
	assert_non_null(check(&a, &dev, bad[0], "127.0.0.1"));
	dev.env_insecure = 1;
	assert_null(check(&a, &dev, bad[0], "127.0.0.1"));
	assert_non_null(check(&a, &dev, bad[2], "127.0.0.1"));
	dev.env_development = 0;
	assert_non_null(check(&a, &dev, bad[0], "127.0.0.1"));
}

static void
fewer_rights_stay_at_home(void **state)
{
	uint32_t	line;

	assert_non_null(check(&a, &root_host, NULL, NULL));
	assert_non_null(check(&a, &root_host, NULL, "10.0.0.1"));
	assert_non_null(check(&a, &root_host, "https://a.example",
	    "10.0.0.1"));
	assert_null(check(&a, &user_host, NULL, "127.0.0.1"));
	assert_non_null(check(&a, &user_host, "https://a.example",
	    "127.0.0.1"));
	assert_null(set(&a, "", "sandbox", "degraded"));
	assert_null(conf_check(&a, &user_host, &line));
	/* Guessing without limits is for one's own machine. */
	assert_null(check(&a, &root_host, "https://a.example", "127.0.0.1"));
	assert_null(set(&a, "", "rate-limits", "off"));
	assert_non_null(conf_check(&a, &root_host, &line));
	/* Lifetimes that contradict each other. */
	assert_null(check(&a, &root_host, NULL, "127.0.0.1"));
	assert_null(set(&a, "lifetimes", "refresh", "30m"));
	assert_non_null(conf_check(&a, &root_host, &line));
}

static void
reload_keeps_what_needs_a_restart(void **state)
{
	const struct conf_setting *s;
	const char	*other[] = { "5", "65536", "2^18", "1G", "/other",
	    "https://other.example", "degraded", "yes", "other" };
	size_t		 i, k;

	for (i = 0; (s = conf_setting_at(i)) != NULL; i++) {
		assert_null(check(&a, &root_host, NULL, "127.0.0.1"));
		b = a;
		for (k = 0; k < COUNT(other); k++)
			if (conf_set(&b, s, other[k]) == NULL &&
			    memcmp(&a, &b, sizeof(a)) != 0)
				break;
		if (s->flags & CF_RESTART) {
			assert_true(k < COUNT(other));
			assert_non_null(conf_reload_ok(&b, &a));
		} else
			assert_null(conf_reload_ok(&b, &a));
	}
	b = a;
	assert_null(conf_add_listen(&b, "127.0.0.1", "8081", 0, 1));
	assert_non_null(conf_reload_ok(&b, &a));
}

static void
tls_rules(void **state)
{
	uint32_t	line;

	/* Any address, but a certificate and https for it. */
	assert_null(set_defaults_tls(&a, "https://mcp.example.org"));
	assert_null(conf_check(&a, &root_host, &line));
	assert_int_equal(a.signd.nslots, 1);
	assert_true(conf_tls(&a));
	assert_null(set_defaults_tls(&a, "http://127.0.0.1:8443"));
	assert_non_null(conf_check(&a, &root_host, &line));
	assert_int_equal(line, 3);
	assert_null(set_defaults_tls(&a, "https://mcp.example.org"));
	a.ncert = 0;
	assert_non_null(conf_check(&a, &root_host, &line));
	/* Switching it on or off takes a restart, other files do not. */
	assert_null(set_defaults_tls(&a, "https://mcp.example.org"));
	b = a;
	b.listen[0].flags &= ~(uint32_t)LISTEN_TLS;
	assert_non_null(conf_reload_ok(&b, &a));
	b = a;
	assert_null(conf_add_cert(&b, "/e/d.pem", "/e/d.key", "/e/d.der"));
	assert_null(conf_reload_ok(&b, &a));
	assert_non_null(conf_add_cert(&b, "d.pem", "/e/d.key", NULL));
	assert_non_null(conf_add_cert(&b, "/d.pem", "/e/../d.key", NULL));
	while (b.ncert < TLS_CERTS)
		assert_null(conf_add_cert(&b, "/e/d.pem", "/e/d.key", NULL));
	assert_non_null(conf_add_cert(&b, "/e/d.pem", "/e/d.key", NULL));
}

static void
users_are_four(void **state)
{
	conf_init(&a);
	assert_null(set(&a, "user", "listener", "61001"));
	assert_null(set(&a, "user", "authd", "61002:62002"));
	assert_null(set(&a, "user", "pwhash", "61003"));
	assert_null(set(&a, "user", "toold", "61004"));
	assert_null(conf_users(&a));
	assert_int_equal(a.user[CR_AUTHD].uid, 61002);
	assert_int_equal(a.user[CR_AUTHD].gid, 62002);
	assert_int_equal(a.user[CR_TOOLD].gid, 61004);
	assert_null(set(&a, "user", "toold", "61001"));
	assert_non_null(conf_users(&a));
	assert_null(set(&a, "user", "toold", "0"));
	assert_non_null(conf_users(&a));
	assert_null(set(&a, "user", "toold", "root"));
	assert_non_null(conf_users(&a));
	assert_null(set(&a, "user", "toold", "no such user"));
	assert_non_null(conf_users(&a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(values_are_refused),
		cmocka_unit_test(defaults_are_good),
		cmocka_unit_test(near_names_are_found),
		cmocka_unit_test(public_url_rules),
		cmocka_unit_test(fewer_rights_stay_at_home),
		cmocka_unit_test(reload_keeps_what_needs_a_restart),
		cmocka_unit_test(tls_rules),
		cmocka_unit_test(users_are_four)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
