/* SPDX-License-Identifier: ISC */
/*
 * prompt.h: prompts: texts that a person picks to begin a common task, with
 * arguments, and the completion of arguments of prompts and of resource
 * templates.  A prompt is offered to those who hold what its task needs; a
 * prompt that shows an artifact reads it as resources/read does.
 */
#ifndef TOOLD_PROMPT_H
#define TOOLD_PROMPT_H

#include "mcp.h"
#include "store_art.h"

#define PROMPT_ARGS	6
#define PROMPT_ARG_MAX	2048		/* bytes of a value, with a NUL */

struct prompt_arg {
	const char	*name;
	const char	*description;
	int		 required;
	enum art_type	 of;		/* value: name of such an artifact */
	const char	*words;		/* value: one of these, "a b c" */
	const char	*type_arg;	/* value: a name; its type stands in
					 * this other argument */
};

struct prompt_call;
struct prompt {
	const char	*name;		/* [a-z0-9_]{1,48} */
	const char	*title;
	const char	*description;
	enum perm	 perm;
	int		 level;		/* TL_ the task needs; 0: none */
	struct prompt_arg args[PROMPT_ARGS];	/* ended by one without name */
	/*
	 * Text of the message; {name} stands for an argument's value.  Where
	 * shows is set, the artifact that argument names comes behind it as
	 * an embedded resource, its type as in `of' or `type_arg'.
	 */
	const char	*text;
	const char	*shows;
	/* Instead of text: append the members of the result. */
	void		(*fn)(struct prompt_call *);
};

/* One prompts/get under way, for rows with fn. */
struct prompt_call {
	struct mcp		*m;
	const struct prompt	*prompt;
	char			 value[PROMPT_ARGS][PROMPT_ARG_MAX];
	char			 given[PROMPT_ARGS];
};
/* The value of an argument, "" where none was given. */
const char	*prompt_value(const struct prompt_call *, const char *name);

extern const struct prompt prompt_rows[];	/* ended by one without name */
extern const struct feature prompt_feature;
/* NULL if the row keeps the rules, else what is wrong with it. */
const char	*prompt_lint(const struct prompt *);
const struct prompt *prompt_find(const char *name);
/* The argument of that name, or NULL. */
const struct prompt_arg *prompt_arg(const struct prompt *, const char *name);
int		 prompt_allowed(const struct prompt *, const struct caller *);

/* completion/complete (complete.c) */
void		 mcp_complete(struct mcp *);

#endif
