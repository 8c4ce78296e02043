/* SPDX-License-Identifier: ISC */
/*
 * fixture.c: the tools, prompts and resources that the official conformance
 * suite asks for by name.  Test only: one object more beside those of
 * keepd-toold makes the program it is run against (toold/extension.h), and
 * runs as that does, with the same sandbox, handles and pipeline.  Nothing
 * here touches the store.
 */
#include <stdio.h>
#include <string.h>

#include "toold/extension.h"
#include "toold/input.h"
#include "toold/prompt.h"
#include "toold/resource.h"
#include "toold/rpc.h"
#include "toold/stream.h"
#include "toold/watch.h"

#define PNG	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4" \
		"z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
#define WAV	"UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAA" \
		"AA=="
#define STEP_MS	50			/* between the steps of a tool */

/* ---- results ---- */

/* Members of a result as they are. */
static enum tool_err
members(struct call *c, const char *text)
{
	c->raw = 1;
	buf_adds(c->out, text);
	return (TE_OK);
}

static enum tool_err
say(struct call *c, const char *before, const char *text, const char *after)
{
	c->raw = 1;
	buf_adds(c->out, "\"content\":[{\"type\":\"text\",\"text\":\"");
	buf_add_json_body(c->out, before, strlen(before));
	buf_add_json_body(c->out, text, strlen(text));
	buf_add_json_body(c->out, after, strlen(after));
	buf_adds(c->out, "\"}]");
	return (TE_OK);
}

static enum tool_err
needs(struct call *c, unsigned int can)
{
	c->needs = can;
	return (TE_NEEDS);
}

static enum tool_err
ask(struct call *c, const char *requests, const char *state)
{
	buf_reset(c->out);
	buf_adds(c->out, requests);
	return (call_input(c, state));
}

/* A text in the answer to a question, or NULL. */
static const char *
answer(const struct call *c, const char *key, const char *name)
{
	const json_t *a = json_object_get(c->input, key);
	const json_t *content = json_object_get(a, "content");

	return (json_string_value(json_object_get(content, name)));
}

static int
answered(const struct call *c, const char *key)
{
	return (json_is_object(json_object_get(c->input, key)));
}

/* ---- content ---- */

static enum tool_err
simple_text(struct call *c)
{
	return (say(c, "This is a simple text response for testing.", "",
	    ""));
}

static enum tool_err
image(struct call *c)
{
	return (members(c, "\"content\":[{\"type\":\"image\",\"data\":\"" PNG
	    "\",\"mimeType\":\"image/png\"}]"));
}

static enum tool_err
audio(struct call *c)
{
	return (members(c, "\"content\":[{\"type\":\"audio\",\"data\":\"" WAV
	    "\",\"mimeType\":\"audio/wav\"}]"));
}

static enum tool_err
embedded(struct call *c)
{
	return (members(c, "\"content\":[{\"type\":\"resource\",\"resource\":{"
	    "\"uri\":\"test://embedded-resource\",\"mimeType\":\"text/plain\","
	    "\"text\":\"This is an embedded resource content.\"}}]"));
}

static enum tool_err
mixed(struct call *c)
{
	return (members(c, "\"content\":[{\"type\":\"text\",\"text\":"
	    "\"Multiple content types test:\"},{\"type\":\"image\",\"data\":\""
	    PNG "\",\"mimeType\":\"image/png\"},{\"type\":\"resource\","
	    "\"resource\":{\"uri\":\"test://mixed-content-resource\","
	    "\"mimeType\":\"application/json\",\"text\":"
	    "\"{\\\"test\\\":\\\"data\\\",\\\"value\\\":123}\"}}]"));
}

static enum tool_err
fails(struct call *c)
{
	return (call_fail(c, "This tool intentionally returns an error for "
	    "testing"));
}

/* ---- events ---- */

static enum tool_err
with_logging(struct call *c)
{
	static const char *const text[] = { "\"Tool execution started\"",
	    "\"Tool processing data\"", "\"Tool execution completed\"" };

	call_log(c, SL_INFO, NULL, text[c->turn < 3 ? c->turn : 2]);
	if (c->turn < 2)
		return (call_later(c, STEP_MS));
	return (say(c, "Tool with logging executed successfully", "", ""));
}

static enum tool_err
logging_tool(struct call *c)
{
	call_log(c, SL_INFO, "fixture", "\"A line for those who asked\"");
	return (say(c, "Logged", "", ""));
}

static enum tool_err
with_progress(struct call *c)
{
	call_progress(c, c->turn * 50.0, 100, NULL);
	if (c->turn < 2)
		return (call_later(c, STEP_MS));
	return (say(c, "Tool with progress executed successfully", "", ""));
}

/* Lets its stream go in the middle; the answer waits for who comes back. */
static enum tool_err
reconnection(struct call *c)
{
	if (c->turn == 1)
		call_detach(c);
	if (c->turn < 2)
		return (call_later(c, STEP_MS));
	return (say(c, "Reconnection test completed successfully", "", ""));
}

/* ---- questions ---- */

#define ELICIT(key, message, properties, required)			\
	"\"" key "\":{\"method\":\"elicitation/create\",\"params\":{"	\
	"\"message\":\"" message "\",\"requestedSchema\":{\"type\":"	\
	"\"object\",\"properties\":{" properties "},\"required\":["	\
	required "]}}}"
#define STRING(name)	"\"" name "\":{\"type\":\"string\"}"
#define SAMPLE(key, text)						\
	"\"" key "\":{\"method\":\"sampling/createMessage\",\"params\":{" \
	"\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\"," \
	"\"text\":\"" text "\"}}],\"maxTokens\":100}}"
#define ROOTS(key)							\
	"\"" key "\":{\"method\":\"roots/list\",\"params\":{}}"

static enum tool_err
sampling(struct call *c)
{
	const char *prompt = json_string_value(json_object_get(c->args,
	    "prompt"));

	if (!(c->can & CC_SAMPLING))
		return (needs(c, CC_SAMPLING));
	if (answered(c, "sample"))
		return (say(c, "LLM response: ", answer(c, "sample", "text"),
		    ""));
	buf_adds(c->out, "{\"sample\":{\"method\":\"sampling/createMessage\","
	    "\"params\":{\"messages\":[{\"role\":\"user\",\"content\":{"
	    "\"type\":\"text\",\"text\":");
	buf_add_json(c->out, prompt, strlen(prompt));
	buf_adds(c->out, "}}],\"maxTokens\":100}}}");
	return (call_input(c, ""));
}

/* The user's answer as it came. */
static enum tool_err
say_answer(struct call *c, const char *key)
{
	const json_t *a = json_object_get(c->input, key);
	char *text = json_dumps(a, JSON_COMPACT);
	enum tool_err e;

	e = say(c, "User response: ", text != NULL ? text : "", "");
	free(text);
	return (e);
}

static enum tool_err
elicitation(struct call *c)
{
	const char *message = json_string_value(json_object_get(c->args,
	    "message"));

	if (!(c->can & CC_ELICITATION))
		return (needs(c, CC_ELICITATION));
	if (answered(c, "user"))
		return (say_answer(c, "user"));
	buf_adds(c->out, "{\"user\":{\"method\":\"elicitation/create\","
	    "\"params\":{\"message\":");
	buf_add_json(c->out, message, strlen(message));
	buf_adds(c->out, ",\"requestedSchema\":{\"type\":\"object\","
	    "\"properties\":{\"username\":{\"type\":\"string\","
	    "\"description\":\"User's response\"},\"email\":{\"type\":"
	    "\"string\",\"description\":\"User's email address\"}},"
	    "\"required\":[\"username\",\"email\"]}}}}");
	return (call_input(c, ""));
}

static enum tool_err
elicit_defaults(struct call *c)
{
	if (!(c->can & CC_ELICITATION))
		return (needs(c, CC_ELICITATION));
	if (answered(c, "user"))
		return (say_answer(c, "user"));
	return (ask(c, "{" ELICIT("user", "Please review the form",
	    "\"name\":{\"type\":\"string\",\"default\":\"John Doe\"},"
	    "\"age\":{\"type\":\"integer\",\"default\":30},"
	    "\"score\":{\"type\":\"number\",\"default\":95.5},"
	    "\"status\":{\"type\":\"string\",\"enum\":[\"active\","
	    "\"inactive\",\"pending\"],\"default\":\"active\"},"
	    "\"verified\":{\"type\":\"boolean\",\"default\":true}", "") "}",
	    ""));
}

#define OPTIONS	"[\"option1\",\"option2\",\"option3\"]"
#define TITLED(a, b, c)							\
	"[{\"const\":\"value1\",\"title\":\"" a "\"},{\"const\":\"value2\"," \
	"\"title\":\"" b "\"},{\"const\":\"value3\",\"title\":\"" c "\"}]"

static enum tool_err
elicit_enums(struct call *c)
{
	if (!(c->can & CC_ELICITATION))
		return (needs(c, CC_ELICITATION));
	if (answered(c, "user"))
		return (say_answer(c, "user"));
	return (ask(c, "{" ELICIT("user", "Please pick from the lists",
	    "\"untitledSingle\":{\"type\":\"string\",\"enum\":" OPTIONS "},"
	    "\"titledSingle\":{\"type\":\"string\",\"oneOf\":"
	    TITLED("One", "Two", "Three") "},"
	    "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\","
	    "\"opt3\"],\"enumNames\":[\"Option One\",\"Option Two\","
	    "\"Option Three\"]},"
	    "\"untitledMulti\":{\"type\":\"array\",\"minItems\":1,"
	    "\"maxItems\":3,\"items\":{\"type\":\"string\",\"enum\":" OPTIONS
	    "}},\"titledMulti\":{\"type\":\"array\",\"minItems\":1,"
	    "\"maxItems\":3,\"items\":{\"anyOf\":"
	    TITLED("First", "Second", "Third") "}}", "") "}", ""));
}

/* ---- multi-round-trip requests ---- */

#define ASK_NAME	ELICIT("user_name", "What is your name?",	\
			    STRING("name"), "\"name\"")

static enum tool_err
mrtr_elicitation(struct call *c)
{
	const char *name = answer(c, "user_name", "name");

	if (!(c->can & CC_ELICITATION))
		return (needs(c, CC_ELICITATION));
	if (name == NULL)
		return (ask(c, "{" ASK_NAME "}", ""));
	return (say(c, "Hello, ", name, "!"));
}

static enum tool_err
mrtr_sampling(struct call *c)
{
	const char *text = answer(c, "capital_question", "text");

	if (!(c->can & CC_SAMPLING))
		return (needs(c, CC_SAMPLING));
	if (text == NULL)
		return (ask(c, "{" SAMPLE("capital_question",
		    "What is the capital of France?") "}", ""));
	return (say(c, "The model says: ", text, ""));
}

static enum tool_err
mrtr_roots(struct call *c)
{
	if (!(c->can & CC_ROOTS))
		return (needs(c, CC_ROOTS));
	if (!answered(c, "client_roots"))
		return (ask(c, "{" ROOTS("client_roots") "}", ""));
	return (say(c, "The client has roots", "", ""));
}

static enum tool_err
mrtr_state(struct call *c)
{
	if (!(c->can & CC_ELICITATION))
		return (needs(c, CC_ELICITATION));
	if (!answered(c, "confirm") || strcmp(c->given, "first") != 0)
		return (ask(c, "{" ELICIT("confirm", "Please confirm",
		    "\"ok\":{\"type\":\"boolean\"}", "\"ok\"") "}", "first"));
	return (say(c, "state-ok", "", ""));
}

static enum tool_err
mrtr_multiple(struct call *c)
{
	const unsigned int all = CC_ELICITATION | CC_SAMPLING | CC_ROOTS;

	if ((c->can & all) != all)
		return (needs(c, all & ~c->can));
	if (!answered(c, "user_name") || !answered(c, "greeting") ||
	    !answered(c, "client_roots") || strcmp(c->given, "three") != 0)
		return (ask(c, "{" ASK_NAME "," SAMPLE("greeting",
		    "Greet somebody") "," ROOTS("client_roots") "}", "three"));
	return (say(c, "All three came", "", ""));
}

static enum tool_err
mrtr_rounds(struct call *c)
{
	if (!(c->can & CC_ELICITATION))
		return (needs(c, CC_ELICITATION));
	if (answered(c, "step2") && strcmp(c->given, "round 2") == 0)
		return (say(c, "Both steps are done", "", ""));
	if (answered(c, "step1") && strcmp(c->given, "round 1") == 0)
		return (ask(c, "{" ELICIT("step2", "Step 2: which color?",
		    STRING("color"), "\"color\"") "}", "round 2"));
	return (ask(c, "{" ELICIT("step1", "Step 1: which name?",
	    STRING("name"), "\"name\"") "}", "round 1"));
}

/* Asks only for what the client said it can. */
static enum tool_err
mrtr_capabilities(struct call *c)
{
	if (c->can & CC_SAMPLING && !answered(c, "greeting"))
		return (ask(c, c->can & CC_ELICITATION ?
		    "{" ASK_NAME "," SAMPLE("greeting", "Greet somebody") "}" :
		    "{" SAMPLE("greeting", "Greet somebody") "}", ""));
	if (c->can & CC_ELICITATION && !answered(c, "user_name"))
		return (ask(c, "{" ASK_NAME "}", ""));
	return (say(c, "Done", "", ""));
}

static enum tool_err
missing_capability(struct call *c)
{
	if (!(c->can & CC_SAMPLING))
		return (needs(c, CC_SAMPLING));
	return (say(c, "The client can sample", "", ""));
}

/* The lists stay what they are; who watches them is told to look. */
static enum tool_err
tool_change(struct call *c)
{
	watch_lists(1);
	return (say(c, "Told", "", ""));
}

static enum tool_err
prompt_change(struct call *c)
{
	watch_lists(2);
	return (say(c, "Told", "", ""));
}

static enum tool_err
plain(struct call *c)
{
	return (say(c, "OK", "", ""));
}

/* ---- rows ---- */

#define NO_ARGS		"{\"type\":\"object\",\"properties\":{}}"
#define ONE_ARG(name)	"{\"type\":\"object\",\"properties\":{\"" name	\
			"\":{\"type\":\"string\"}},\"required\":[\"" name "\"]}"
#define SCHEMA_2020							\
	"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"," \
	"\"type\":\"object\",\"$defs\":{\"address\":{\"$anchor\":"	\
	"\"addressDef\",\"type\":\"object\",\"properties\":{\"street\":" \
	"{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},"	\
	"\"properties\":{\"name\":{\"type\":\"string\"},\"address\":"	\
	"{\"$ref\":\"#/$defs/address\"},\"contactMethod\":{\"type\":"	\
	"\"string\",\"enum\":[\"phone\",\"email\"]},\"phone\":{\"type\":" \
	"\"string\"},\"email\":{\"type\":\"string\"}},\"allOf\":[{\"anyOf\":" \
	"[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"	\
	"\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}}," \
	"\"required\":[\"contactMethod\"]},\"then\":{\"required\":["	\
	"\"phone\"]},\"else\":{\"required\":[\"email\"]},"		\
	"\"additionalProperties\":false}"

#define ROW(n, schema, f)						\
	{ .name = n, .title = n, .description = "Fixture of the "	\
	    "conformance suite: " n, .perm = PERM_TABLEDEFINITION,	\
	    .level = TL_DISPLAY, .annotations = TA_READ_ONLY,		\
	    .input_schema = schema, .fn = f }

static const struct tool tools[] = {
	ROW("test_simple_text", NO_ARGS, simple_text),
	ROW("test_image_content", NO_ARGS, image),
	ROW("test_audio_content", NO_ARGS, audio),
	ROW("test_embedded_resource", NO_ARGS, embedded),
	ROW("test_multiple_content_types", NO_ARGS, mixed),
	ROW("test_error_handling", NO_ARGS, fails),
	ROW("test_tool_with_logging", NO_ARGS, with_logging),
	ROW("test_logging_tool", NO_ARGS, logging_tool),
	ROW("test_tool_with_progress", NO_ARGS, with_progress),
	ROW("test_reconnection", NO_ARGS, reconnection),
	ROW("test_sampling", ONE_ARG("prompt"), sampling),
	ROW("test_elicitation", ONE_ARG("message"), elicitation),
	ROW("test_elicitation_sep1034_defaults", NO_ARGS, elicit_defaults),
	ROW("test_elicitation_sep1330_enums", NO_ARGS, elicit_enums),
	ROW("test_missing_capability", NO_ARGS, missing_capability),
	ROW("test_streaming_elicitation", NO_ARGS, mrtr_elicitation),
	ROW("test_input_required_result_elicitation", NO_ARGS,
	    mrtr_elicitation),
	ROW("test_input_required_result_sampling", NO_ARGS, mrtr_sampling),
	ROW("test_input_required_result_list_roots", NO_ARGS, mrtr_roots),
	ROW("test_input_required_result_request_state", NO_ARGS, mrtr_state),
	ROW("test_input_required_result_tampered_state", NO_ARGS,
	    mrtr_state),
	ROW("test_input_required_result_multiple_inputs", NO_ARGS,
	    mrtr_multiple),
	ROW("test_input_required_result_multi_round", NO_ARGS, mrtr_rounds),
	ROW("test_input_required_result_capabilities", NO_ARGS,
	    mrtr_capabilities),
	ROW("test_trigger_tool_change", NO_ARGS, tool_change),
	ROW("test_trigger_prompt_change", NO_ARGS, prompt_change),
	ROW("test_custom_header", "{\"type\":\"object\",\"properties\":{"
	    "\"region\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"},"
	    "\"place\":{\"type\":\"object\",\"properties\":{\"floor\":{"
	    "\"type\":\"integer\",\"x-mcp-header\":\"Floor\"},\"lift\":{"
	    "\"type\":\"boolean\",\"x-mcp-header\":\"Lift\"}}}}}", plain),
	ROW("json_schema_2020_12_tool", SCHEMA_2020, plain),
	{ .name = NULL }
};

/* ---- prompts ---- */

static void
prompt_open(struct prompt_call *c)
{
	struct buf *b = c->m->reply->body;

	rpc_open(b, c->m->era, &c->m->scan.id);
	buf_adds(b, "\"messages\":[{\"role\":\"user\",\"content\":");
}

static void
prompt_close(struct prompt_call *c)
{
	buf_adds(c->m->reply->body, "}]");
	rpc_close(c->m->reply->body);
}

#define NEXT	"},{\"role\":\"user\",\"content\":"

static void
prompt_resource(struct prompt_call *c)
{
	const char *uri = prompt_value(c, "resourceUri");
	struct buf *b = c->m->reply->body;

	prompt_open(c);
	buf_adds(b, "{\"type\":\"resource\",\"resource\":{\"uri\":");
	buf_add_json(b, uri, strlen(uri));
	buf_adds(b, ",\"mimeType\":\"text/plain\",\"text\":\"Embedded "
	    "resource content for testing.\"}}" NEXT "{\"type\":\"text\","
	    "\"text\":\"Please process the embedded resource above.\"}");
	prompt_close(c);
}

static void
prompt_image(struct prompt_call *c)
{
	prompt_open(c);
	buf_adds(c->m->reply->body, "{\"type\":\"image\",\"data\":\"" PNG
	    "\",\"mimeType\":\"image/png\"}" NEXT "{\"type\":\"text\","
	    "\"text\":\"Please analyze the image above.\"}");
	prompt_close(c);
}

/* Asks who it is for first. */
static void
prompt_input(struct prompt_call *c)
{
	static const char asks[] = "{" ELICIT("user_context", "What is it "
	    "about?", STRING("context"), "\"context\"") "}";
	char state[INPUT_STATE_MAX];
	json_t *input;

	if (!(input_can(c->m) & CC_ELICITATION)) {
		input_needs(c->m, CC_ELICITATION);
		return;
	}
	if (input_take(c->m, "prompts/get", c->prompt->name, 0, state,
	    &input) == -1)
		return;
	if (json_object_get(input, "user_context") == NULL)
		input_answer(c->m, asks, sizeof(asks) - 1, "");
	else {
		prompt_open(c);
		buf_adds(c->m->reply->body, "{\"type\":\"text\",\"text\":"
		    "\"Now it is clear.\"}");
		prompt_close(c);
	}
	json_decref(input);
}

#define ABOUT	"Fixture of the conformance suite"
#define ARG(n)	{ n, "An argument of the fixture", 1, 0, NULL, NULL }

static const struct prompt prompts[] = {
	{ .name = "test_simple_prompt", .title = "Simple",
	    .description = ABOUT,
	    .text = "This is a simple prompt for testing." },
	{ .name = "test_prompt_with_arguments", .title = "Arguments",
	    .description = ABOUT, .args = { ARG("arg1"), ARG("arg2") },
	    .text = "Prompt with arguments: arg1='{arg1}', arg2='{arg2}'" },
	{ .name = "test_prompt_with_embedded_resource", .title = "Resource",
	    .description = ABOUT, .args = { ARG("resourceUri") },
	    .fn = prompt_resource },
	{ .name = "test_prompt_with_image", .title = "Image",
	    .description = ABOUT, .fn = prompt_image },
	{ .name = "test_input_required_result_prompt", .title = "Input",
	    .description = ABOUT, .fn = prompt_input },
	{ .name = NULL }
};

/* ---- resources ---- */

#define RES(uri, name, mime)						\
	"{\"uri\":\"test://" uri "\",\"name\":\"" name "\",\"description\":" \
	"\"" ABOUT "\",\"mimeType\":\"" mime "\"},"

static void
resource_list(struct buf *b, const struct era_row *era)
{
	buf_adds(b, RES("static-text", "Static text", "text/plain")
	    RES("static-binary", "Static image", "image/png")
	    RES("watched-resource", "Watched", "text/plain"));
}

static void
resource_templates(struct buf *b, const struct era_row *era)
{
	buf_adds(b, "{\"uriTemplate\":\"test://template/{id}/data\","
	    "\"name\":\"Template\",\"description\":\"" ABOUT "\","
	    "\"mimeType\":\"application/json\"},");
}

static int
resource_read(const char *uri, struct buf *b)
{
	char id[64], end[8];

	if (strcmp(uri, "test://static-text") == 0)
		buf_adds(b, ",\"mimeType\":\"text/plain\",\"text\":\"This is "
		    "the content of the static text resource.\"");
	else if (strcmp(uri, "test://static-binary") == 0)
		buf_adds(b, ",\"mimeType\":\"image/png\",\"blob\":\"" PNG
		    "\"");
	else if (strcmp(uri, "test://watched-resource") == 0)
		buf_adds(b, ",\"mimeType\":\"text/plain\",\"text\":"
		    "\"Watched.\"");
	else if (sscanf(uri, "test://template/%63[0-9a-z]/%7s", id, end) == 2
	    && strcmp(end, "data") == 0)
		buf_addf(b, ",\"mimeType\":\"application/json\",\"text\":"
		    "\"{\\\"id\\\":\\\"%s\\\",\\\"templateTest\\\":true,"
		    "\\\"data\\\":\\\"Data for ID: %s\\\"}\"", id, id);
	else
		return (0);
	return (1);
}

static const struct resource_more resources = { resource_list,
    resource_templates, resource_read };

const struct extension toold_extension = { tools, prompts, &resources };
