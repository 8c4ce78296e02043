/* SPDX-License-Identifier: ISC */
/*
 * parse.y: the grammar of keepd.conf.
 * Runs in master as root, at start and on reload.  Trusts the file's owner,
 * who must be root or the user that runs keepd; refuses a file that others
 * may write.  Touches: that file and what it includes.
 *
 * Only what has a shape of its own is a token here; a word and its value are
 * rows of the table in conf.c, and so are the words that open a list.  A
 * keyword is one only where a statement begins, so a value may be any word.
 */
%{
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "text.h"

#define INCLUDE_DEPTH	8
#define WORD_MAX_LEN	1024
#define WORDS_MAX	4

struct source {
	FILE		*fp;
	struct source	*up;
	char		 name[CONF_PATH_MAX];
	uint32_t	 line;
	int		 newline;	/* line counts on at the next token */
	int		 ended;		/* the newline at the end was given */
};

struct macro {
	struct macro	*next;
	char		*name;
	char		*value;
	int		 fixed;		/* from the command line */
};

/* Where the lexer stands in a statement. */
static struct {
	const char	*section;	/* "" outside of a section */
	int		 braces;
	int		 start;		/* the next word may be a keyword */
	int		 list;		/* all words are names */
	enum conf_name	 which;		/* of that list */
	int		 schemes;	/* redirect-scheme was seen */
	int		 listen;
	int		 cert;		/* a certificate line */
	int		 mark;		/* a mark whose effect is to come */
	int		 newline;	/* the last token was one */
	int		 told;		/* the error has its message */
	char		 first[64];	/* first word, for messages */
	char		 last[64];	/* last token, for messages */
} lx;

static struct source	*source;
static char		*included;	/* to be read when its line is over */
static struct macro	*macros;
static struct conf	*conf;
static FILE		*errors;
static unsigned int	 nerrors;

static struct {			/* words of the statement under way */
	char		*text[WORDS_MAX];
	unsigned int	 n;
} words;

static void	 complain(const char *, ...)
		    __attribute__((__format__(printf, 1, 2)));
static void	 yyerror(const char *);
static int	 yylex(void);
static void	 include_file(char *);
static void	 macro_set(char *, char *, int);
static void	 setting_done(const struct conf_setting *);
static void	 name_add(char *);
static void	 listen_inet(char *, char *, int);
static void	 listen_unix(char *);
static void	 cert_add(char *, char *, char *);
static void	 unknown_word(char *);
static void	 words_add(char *);
static void	 words_clear(void);
%}

%union {
	char				*string;
	const struct conf_setting	*setting;
}

%token			INCLUDE LISTEN ON PORT TLS UNIX LEXERR
%token			CERTIFICATE KEY OCSP
%token			SECTION LIST
%token	<setting>	SETTING
%token	<string>	STRING

%%

grammar		: /* empty */
		| grammar '\n'
		/* With its newline: what follows comes from the new file. */
		| grammar INCLUDE STRING '\n'	{ include_file($3); }
		| grammar statement '\n'
		| grammar error '\n'		{ words_clear(); }
		;

statement	: STRING '=' STRING		{ macro_set($1, $3, 0); }
		| unknown
		| listen
		| certificate
		| setting
		| SECTION setting
		| SECTION unknown
		| SECTION '{' entries '}'
		| SECTION '{' entries entry '}'
		| LIST STRING			{ name_add($2); }
		| LIST '{' names '}'
		;

listen		: LISTEN ON STRING PORT STRING	{ listen_inet($3, $5, 0); }
		| LISTEN ON UNIX STRING		{ listen_unix($4); }
		| LISTEN ON STRING PORT STRING TLS { listen_inet($3, $5, 1); }
		| LISTEN ON STRING TLS PORT STRING { listen_inet($3, $6, 1); }
		;

certificate	: CERTIFICATE STRING KEY STRING { cert_add($2, $4, NULL); }
		| CERTIFICATE STRING KEY STRING OCSP STRING {
			cert_add($2, $4, $6);
		}
		;

setting		: SETTING values		{ setting_done($1); }
		;

unknown		: STRING values			{ unknown_word($1); }
		;

entries		: /* empty */
		| entries separator
		| entries entry separator
		| entries error '\n'		{ words_clear(); }
		;

entry		: setting
		| unknown
		;

names		: /* empty */
		| names separator
		| names STRING			{ name_add($2); }
		| names error '\n'
		;

separator	: '\n'
		| ','
		;

values		: /* empty */
		| values STRING			{ words_add($2); }
		;

%%

/* ---- messages ---- */

static void
complain(const char *fmt, ...)
{
	va_list	ap;

	nerrors++;
	if (source != NULL)
		fprintf(errors, "%s:%u: ", source->name, source->line);
	va_start(ap, fmt);
	vfprintf(errors, fmt, ap);
	va_end(ap);
	fputc('\n', errors);
}

static void
yyerror(const char *what)
{
	const char	*hint = "";

	if (lx.told) {
		lx.told = 0;
		return;
	}
	if (lx.listen)
		hint = ": write listen on ADDRESS port NUMBER [tls], or "
		    "listen on unix PATH";
	if (lx.cert)
		hint = ": write certificate \"FILE\" key \"FILE\" [ocsp "
		    "\"FILE\"]";
	if (strcmp(lx.last, "\n") == 0)
		complain("%s: %s at the end of the line%s", lx.first, what,
		    hint);
	else
		complain("%s: %s near \"%s\"%s", lx.first, what, lx.last,
		    hint);
}

static void
unknown_word(char *word)
{
	const char	*near;

	near = conf_nearest(lx.section, word);
	complain("unknown keyword \"%s\"%s%s%s%s", word,
	    lx.section[0] != '\0' ? " in " : "", lx.section,
	    near != NULL ? "; did you mean " : "; see keepd.conf(5)",
	    near != NULL ? near : "");
	free(word);
	words_clear();
}

/* ---- what statements do ---- */

static void
words_add(char *word)
{
	if (words.n == WORDS_MAX) {
		free(word);
		return;
	}
	words.text[words.n++] = word;
}

static void
words_clear(void)
{
	while (words.n > 0)
		free(words.text[--words.n]);
}

static void
setting_done(const struct conf_setting *s)
{
	const char	*why;

	if (words.n != 1) {
		why = s->kind == CT_WORD ? conf_set(conf, s, "") : NULL;
		complain("%s takes one value: %s", s->name,
		    why != NULL ? why : value_shape(s->kind));
	} else if ((why = conf_set(conf, s, words.text[0])) != NULL) {
		complain("%s \"%s\": %s", s->name, words.text[0], why);
	} else if (s->kind == CT_URL)
		conf->public_url_line = source->line;
	words_clear();
}

static void
name_add(char *word)
{
	const char	*why;

	if ((why = conf_add_name(conf, lx.which, word)) != NULL)
		complain("%s \"%s\": %s", lx.first, word, why);
	free(word);
}

static void
listen_inet(char *addr, char *port, int tls)
{
	const char	*why;

	why = conf_add_listen(conf, addr, port, tls, source->line);
	if (why != NULL)
		complain("listen on %s port %s: %s", addr, port, why);
	free(addr);
	free(port);
}

static void
listen_unix(char *path)
{
	const char	*why;

	if ((why = conf_add_unix(conf, path, source->line)) != NULL)
		complain("listen on unix %s: %s", path, why);
	free(path);
}

static void
cert_add(char *cert, char *key, char *ocsp)
{
	const char	*why;

	if ((why = conf_add_cert(conf, cert, key, ocsp)) != NULL)
		complain("certificate \"%s\": %s", cert, why);
	free(cert);
	free(key);
	free(ocsp);
}

/* ---- macros ---- */

static struct macro *
macro_find(const char *name)
{
	struct macro	*m;

	for (m = macros; m != NULL; m = m->next)
		if (strcmp(m->name, name) == 0)
			return (m);
	return (NULL);
}

/* Takes both strings. */
static void
macro_set(char *name, char *value, int fixed)
{
	struct macro	*m;
	size_t		 i;

	for (i = 0; name[i] != '\0'; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_') {
			complain("macro name \"%s\" may hold letters, digits "
			    "and _ only", name);
			break;
		}
	if ((m = macro_find(name)) != NULL && m->fixed && !fixed) {
		free(name);
		free(value);
		return;
	}
	if (m == NULL) {
		if ((m = calloc(1, sizeof(*m))) == NULL)
			fatal("macro");
		m->next = macros;
		macros = m;
	} else {
		free(m->name);
		free(m->value);
	}
	m->name = name;
	m->value = value;
	m->fixed = fixed;
}

int
conf_macro(const char *text)
{
	const char	*eq;
	char		*name, *value;

	if ((eq = strchr(text, '=')) == NULL || eq == text)
		return (-1);
	name = strndup(text, (size_t)(eq - text));
	value = strdup(eq + 1);
	if (name == NULL || value == NULL)
		fatal("macro");
	errors = stderr;
	macro_set(name, value, 1);
	return (0);
}

/* A reload reads the macros of the file again. */
static void
macros_clear(void)
{
	struct macro	**p = &macros, *m;

	while ((m = *p) != NULL) {
		if (m->fixed) {
			p = &m->next;
			continue;
		}
		*p = m->next;
		free(m->name);
		free(m->value);
		free(m);
	}
}

/* ---- files ---- */

/* Others may not write what root obeys. */
static const char *
file_secure(int fd)
{
	struct stat	st;

	if (fstat(fd, &st) == -1)
		return (strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ("not a regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return ("must belong to root or to the user that runs keepd");
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return ("group or others may write it: chmod go-w");
	return (NULL);
}

static int
source_push(const char *path)
{
	struct source	*s;
	const char	*why;
	int		 fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	why = fd == -1 ? strerror(errno) : file_secure(fd);
	if (why == NULL && conf->nfiles == CONF_FILES_MAX)
		why = "too many files";
	if (why != NULL) {
		complain("%s: %s", path, why);
		if (fd != -1)
			close(fd);
		return (-1);
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("%s", path);
	(void)text_set(s->name, sizeof(s->name), path);
	(void)text_set(conf->file[conf->nfiles++], CONF_PATH_MAX, path);
	if ((s->fp = fdopen(fd, "r")) == NULL)
		fatal("%s", path);
	s->line = 1;
	s->up = source;
	source = s;
	return (0);
}

static void
source_pop(void)
{
	struct source	*s = source;

	source = s->up;
	fclose(s->fp);
	free(s);
}

/* Relative names lie beside the file that includes them. */
static void
include_file(char *name)
{
	struct source	*s;
	char		 path[CONF_PATH_MAX];
	const char	*slash;
	int		 depth = 0, n;

	for (s = source; s != NULL; s = s->up)
		depth++;
	slash = strrchr(source->name, '/');
	if (name[0] == '/' || slash == NULL)
		n = snprintf(path, sizeof(path), "%s", name);
	else
		n = snprintf(path, sizeof(path), "%.*s/%s",
		    (int)(slash - source->name), source->name, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		complain("include \"%s\": the path is too long", name);
	else if (depth >= INCLUDE_DEPTH)
		complain("include \"%s\": files include each other too deeply",
		    name);
	else if (included == NULL && (included = strdup(path)) == NULL)
		fatal("%s", path);
	free(name);
}

/* The parser has the newline behind the include: now its file may follow. */
static void
include_push(void)
{
	char	*path = included;

	included = NULL;
	(void)source_push(path);
	free(path);
}

int
conf_parse(struct conf *c, const char *path, FILE *err)
{
	conf = c;
	errors = err;
	nerrors = 0;
	macros_clear();
	memset(&lx, 0, sizeof(lx));
	lx.section = "";
	lx.start = 1;
	if (source_push(path) == -1)
		return (-1);
	(void)yyparse();
	while (source != NULL)
		source_pop();
	words_clear();
	return (nerrors == 0 ? 0 : -1);
}

/* ---- the lexer ---- */

/* Next character; a backslash before a newline joins the lines. */
static int
get_char(void)
{
	int	c, next;

	while ((c = getc(source->fp)) == '\\') {
		if ((next = getc(source->fp)) != '\n') {
			if (next != EOF)
				ungetc(next, source->fp);
			break;
		}
		source->line++;
	}
	return (c);
}

static void
unget_char(int c)
{
	if (c != EOF)
		ungetc(c, source->fp);
}

static int
take_string(const char *text)
{
	if ((yylval.string = strdup(text)) == NULL)
		fatal("configuration");
	return (STRING);
}

static int
lex_quoted(void)
{
	char	buf[WORD_MAX_LEN];
	size_t	n = 0;
	int	c;

	while ((c = get_char()) != '"') {
		if (c == '\\' && (c = getc(source->fp)) != '"' && c != '\\') {
			unget_char(c);
			c = '\\';
		}
		if (c == EOF || c == '\n' || c == '\0') {
			complain("a quoted string does not end on its line");
			unget_char(c);
			return (LEXERR);
		}
		if (n + 1 == sizeof(buf)) {
			complain("a string is longer than %d characters",
			    WORD_MAX_LEN - 1);
			return (LEXERR);
		}
		buf[n++] = (char)c;
	}
	buf[n] = '\0';
	snprintf(lx.last, sizeof(lx.last), "%s", buf);
	lx.start = 0;
	return (take_string(buf));
}

static int
lex_macro(void)
{
	struct macro	*m;
	char		 name[64];
	size_t		 n = 0;
	int		 c;

	while ((c = get_char()) != EOF && (isalnum(c) || c == '_') &&
	    n + 1 < sizeof(name))
		name[n++] = (char)c;
	unget_char(c);
	name[n] = '\0';
	snprintf(lx.last, sizeof(lx.last), "$%s", name);
	lx.start = 0;
	if ((m = macro_find(name)) == NULL) {
		complain("macro $%s is not set: write %s = \"VALUE\" above",
		    name, n > 0 ? name : "NAME");
		return (LEXERR);
	}
	return (take_string(m->value));
}

/* Where a word is a keyword: at the start, or in those statements. */
enum { KW_FIRST, KW_LISTEN, KW_CERT };
static const struct keyword {
	const char	*word;
	int		 token;
	int		 place;		/* KW_ */
} keywords[] = {
	{ "include",	INCLUDE,	KW_FIRST },
	{ "listen",	LISTEN,		KW_FIRST },
	{ "certificate", CERTIFICATE,	KW_FIRST },
	{ "lifetimes",	SECTION,	KW_FIRST },
	{ "limits",	SECTION,	KW_FIRST },
	{ "log",	SECTION,	KW_FIRST },
	{ "user",	SECTION,	KW_FIRST },
	{ "on",		ON,		KW_LISTEN },
	{ "port",	PORT,		KW_LISTEN },
	{ "tls",	TLS,		KW_LISTEN },
	{ "unix",	UNIX,		KW_LISTEN },
	{ "key",	KEY,		KW_CERT },
	{ "ocsp",	OCSP,		KW_CERT }
};

static const struct keyword *
keyword_find(const char *word, int place)
{
	size_t	i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (keywords[i].place == place &&
		    strcmp(keywords[i].word, word) == 0)
			return (&keywords[i]);
	return (NULL);
}

/* The first word of a statement: a keyword of the place we are in. */
static int
lex_first(const char *word)
{
	const struct keyword	*k = NULL;
	const struct conf_word	*l;

	snprintf(lx.first, sizeof(lx.first), "%s", word);
	lx.start = 0;
	if (lx.section[0] == '\0')
		k = keyword_find(word, KW_FIRST);
	if (k != NULL) {
		lx.listen = k->token == LISTEN;
		lx.cert = k->token == CERTIFICATE;
		if (k->token == SECTION) {
			lx.section = k->word;
			lx.start = 1;
		}
		return (k->token);
	}
	for (l = conf_lists(); lx.section[0] == '\0' && l->word != NULL; l++)
		if (strcmp(l->word, word) == 0) {
			lx.list = 1;
			lx.which = (enum conf_name)l->value;
			if (l->value == CN_SCHEME && lx.schemes++ == 0)
				conf->names[CN_SCHEME].n = 0;
			return (LIST);
		}
	if ((yylval.setting = conf_setting(lx.section, word)) != NULL)
		return (SETTING);
	return (take_string(word));
}

static int
word_char(int c)
{
	return (c > ' ' && c < 0x7f && strchr("{},=\"#$", c) == NULL);
}

static int
lex_word(int c)
{
	const struct keyword *k;
	char	 word[WORD_MAX_LEN];
	size_t	 n = 0;

	for (; c != EOF && word_char(c); c = get_char()) {
		if (n + 1 == sizeof(word)) {
			complain("a word is longer than %d characters",
			    WORD_MAX_LEN - 1);
			return (LEXERR);
		}
		word[n++] = (char)c;
	}
	unget_char(c);
	word[n] = '\0';
	snprintf(lx.last, sizeof(lx.last), "%s", word);
	if (lx.start && !lx.list)
		return (lex_first(word));
	if (lx.listen && (k = keyword_find(word, KW_LISTEN)) != NULL)
		return (k->token);
	if (lx.cert && (k = keyword_find(word, KW_CERT)) != NULL)
		return (k->token);
	return (take_string(word));
}

/* What a newline, brace or comma means for the word behind it. */
static void
mark_apply(void)
{
	int	c = lx.mark;

	if (c == 0)
		return;
	lx.mark = 0;
	if (c == '{')
		lx.braces = 1;
	if (c == '}' || (c == '\n' && !lx.braces)) {
		lx.braces = 0;
		lx.section = "";
		lx.list = 0;
		lx.listen = lx.cert = 0;
	}
	lx.start = c != '=' && c != '}';
}

static int
lex_mark(int c)
{
	lx.mark = c;
	lx.last[0] = (char)c;
	lx.last[1] = '\0';
	return (c);
}

static int
lex_end(void)
{
	source->ended = 1;
	if (!lx.braces)
		return (lex_mark('\n'));
	complain("%s: a { is not closed by a }",
	    lx.section[0] != '\0' ? lx.section : lx.first);
	lx.braces = 0;
	(void)lex_mark('}');
	return (LEXERR);
}

static int
lex_blank(void)
{
	int	c;

	while ((c = get_char()) == ' ' || c == '\t' || c == '\r')
		;
	if (c == '#')
		while ((c = getc(source->fp)) != '\n' && c != EOF)
			;
	return (c);
}

static int
lex_token(void)
{
	int	c;

	if ((c = lex_blank()) == EOF)
		return (lex_end());
	if (c == '\n')
		source->newline = 1;
	if (c != '\0' && strchr("{},=\n", c) != NULL)
		return (lex_mark(c));
	if (c == '"')
		return (lex_quoted());
	if (c == '$')
		return (lex_macro());
	if (word_char(c))
		return (lex_word(c));
	complain("a byte that has no place here (\\%03o)", (unsigned int)c);
	return (LEXERR);
}

static int
yylex(void)
{
	int	token;

	if (included != NULL && lx.newline)
		include_push();
	while (source != NULL && source->ended)
		source_pop();
	if (source == NULL)
		return (0);
	mark_apply();
	if (source->newline) {
		source->newline = 0;
		source->line++;
	}
	token = lex_token();
	lx.newline = token == '\n';
	lx.told = token == LEXERR;
	return (token);
}
