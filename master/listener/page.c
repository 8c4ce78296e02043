/* SPDX-License-Identifier: ISC */
/*
 * page.c: sign-in, consent and error pages of the listener.  Values may come
 * from a hostile client (names, hosts) and are escaped by the one function
 * that puts them in.  No script, no inline style, no file, no global.
 */
#include <stdarg.h>
#include <string.h>

#include "page.h"

/*
 * Add a template: each %h is the next argument, a string, escaped.  There
 * is no way to put one in raw, and a percent sign means nothing else.
 */
static int
page_add(struct buf *b, const char *tmpl, ...)
{
	const char *p;
	va_list ap;

	va_start(ap, tmpl);
	while ((p = strstr(tmpl, "%h")) != NULL) {
		buf_add(b, tmpl, (size_t)(p - tmpl));
		buf_add_html(b, va_arg(ap, const char *));
		tmpl = p + 2;
	}
	va_end(ap);
	return (buf_adds(b, tmpl));
}

static void
page_open(struct buf *b, const char *title, const char *host)
{
	page_add(b, "<!DOCTYPE html>\n"
	    "<html lang=\"en\">\n"
	    "<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n"
	    "<title>%h - keepd</title>\n"
	    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
	    "</head>\n"
	    "<body>\n"
	    "<header>\n"
	    "<svg viewBox=\"0 0 24 24\" width=\"28\" height=\"28\" "
	    "aria-hidden=\"true\"><path fill=\"currentColor\" d=\"M3 3h4v3h3V3"
	    "h4v3h3V3h4v7l-2 2v9h-5v-4a2 2 0 0 0-4 0v4H5v-9l-2-2z\"/></svg>\n"
	    "<p><strong>keepd</strong> <span>%h</span></p>\n"
	    "</header>\n"
	    "<main>\n", title, host);
}

static int
page_close(struct buf *b)
{
	return (page_add(b, "</main>\n</body>\n</html>\n"));
}

static const char *
client_name(const struct page_info *i)
{
	return (i->client_name[0] != '\0' ? i->client_name :
	    "An application");
}

static void
add_client(struct buf *b, const struct page_info *i)
{
	page_add(b, "<p class=\"client\"><strong>%h</strong>",
	    client_name(i));
	if (i->flags & PG_UNVERIFIED)
		page_add(b, " <span class=\"tag\">unverified name</span>");
	page_add(b, "</p>\n");
}

/* Where the browser goes next, and what kind of place that is. */
static void
add_redirect(struct buf *b, const struct page_info *i)
{
	page_add(b, "<dt>Sends you back to</dt>\n"
	    "<dd class=\"host\">%h</dd>\n", i->redirect_host);
	if (i->flags & PG_LOOPBACK)
		page_add(b, "<dd class=\"note\">A program on this computer; "
		    "nobody can check which one.</dd>\n");
	else if (i->flags & PG_CUSTOM)
		page_add(b, "<dd class=\"note\">Opens an application on this "
		    "computer.</dd>\n");
}

static void
add_scope(struct buf *b, const struct page_info *i)
{
	page_add(b, "<dt>Asks for</dt>\n<dd><code>%h</code></dd>\n",
	    i->scope[0] != '\0' ? i->scope : "nothing");
	if (strstr(i->scope, "mcp:tools") != NULL)
		page_add(b, "<dd class=\"note\">Use the tools of this server "
		    "in your name, as far as your roles allow.</dd>\n");
}

int
page_signin(struct buf *b, const struct page_view *v)
{
	const char *again = v->text != NULL && v->text[0] != '\0' ?
	    v->text : NULL;
	const char *user = v->user != NULL ? v->user : "";

	page_open(b, again != NULL ? "Sign in again" : "Sign in", v->host);
	page_add(b, "<h1>Sign in</h1>\n"
	    "<p>An application asks to use this server in your name:</p>\n");
	add_client(b, v->info);
	if (again != NULL)
		page_add(b, "<p class=\"alert\" role=\"alert\" id=\"why\">"
		    "%h</p>\n", again);
	page_add(b, "<form method=\"post\" action=\"/signin\">\n"
	    "<input type=\"hidden\" name=\"txn\" value=\"%h\">\n"
	    "<input type=\"hidden\" name=\"csrf\" value=\"%h\">\n"
	    "<input type=\"hidden\" name=\"pending\" value=\"%h\">\n",
	    v->txn, v->csrf, v->pending);
	page_add(b, "<label for=\"username\">User name</label>\n"
	    "<input type=\"text\" id=\"username\" name=\"username\" "
	    "value=\"%h\" maxlength=\"63\" autocomplete=\"username\" "
	    "autocapitalize=\"none\" autocorrect=\"off\" "
	    "spellcheck=\"false\" required", user);
	page_add(b, user[0] == '\0' ? " autofocus>\n" : ">\n");
	page_add(b, "<label for=\"password\">Password</label>\n"
	    "<input type=\"password\" id=\"password\" name=\"password\" "
	    "maxlength=\"255\" autocomplete=\"current-password\" required");
	page_add(b, user[0] != '\0' ? " autofocus" : "");
	page_add(b, again != NULL ? " aria-describedby=\"why\">\n" : ">\n");
	page_add(b, "<p class=\"buttons\"><button type=\"submit\" "
	    "class=\"main\">Sign in</button></p>\n"
	    "</form>\n"
	    "<p class=\"advice\">Sign in only if you started this yourself, "
	    "just now. The next page shows what is asked for, before "
	    "anything is allowed.</p>\n");
	return (page_close(b));
}

int
page_consent(struct buf *b, const struct page_view *v)
{
	page_open(b, "Allow access?", v->host);
	page_add(b, "<h1>Allow access?</h1>\n");
	add_client(b, v->info);
	page_add(b, "<dl>\n");
	add_redirect(b, v->info);
	add_scope(b, v->info);
	page_add(b, "<dt>Signed in as</dt>\n<dd>%h</dd>\n</dl>\n", v->user);
	page_add(b, "<form method=\"post\" action=\"/consent\">\n"
	    "<input type=\"hidden\" name=\"txn\" value=\"%h\">\n"
	    "<input type=\"hidden\" name=\"csrf\" value=\"%h\">\n",
	    v->txn, v->csrf);
	page_add(b, "<p class=\"check\"><input type=\"checkbox\" "
	    "id=\"read_only\" name=\"read_only\" value=\"1\" "
	    "aria-describedby=\"ro\">\n"
	    "<label for=\"read_only\">Read only</label>\n"
	    "<span id=\"ro\">It may look at what you may see, and change "
	    "nothing.</span></p>\n"
	    "<p class=\"buttons\">"
	    "<button type=\"submit\" class=\"main\" name=\"decision\" "
	    "value=\"approve\">Approve</button>\n"
	    "<button type=\"submit\" name=\"decision\" value=\"deny\">Deny"
	    "</button></p>\n"
	    "</form>\n"
	    "<p class=\"advice\">Approve only in a window that you opened "
	    "yourself. An administrator can end this access at any "
	    "time.</p>\n");
	return (page_close(b));
}

int
page_error(struct buf *b, const char *host, const char *heading,
    const char *text, const char *ref)
{
	page_open(b, heading, host);
	page_add(b, "<h1>%h</h1>\n<p>%h</p>\n", heading, text);
	if (ref != NULL)
		page_add(b, "<p class=\"advice\">Reference <code>%h</code>. "
		    "The administrator finds it in the request log.</p>\n",
		    ref);
	return (page_close(b));
}

static const char style[] =
":root{color-scheme:light dark;"
"--bg:#eef1f4;--card:#fff;--text:#1a2028;--soft:#525c68;--line:#d5dbe1;"
"--edge:#77828e;--main:#1d4f7c;--main2:#163d61;--on:#fff;--focus:#0a5fd0;"
"--tag:#fdf0d3;--tagtext:#6b4700;--bad:#fdeceb;--badtext:#9a1c13;"
"--well:#f4f6f8}\n"
"@media (prefers-color-scheme:dark){:root{"
"--bg:#11161c;--card:#1a2129;--text:#e7ecf1;--soft:#a9b4bf;--line:#303a45;"
"--edge:#7d8996;--main:#8fbde9;--main2:#b0d2f1;--on:#0c1d2d;--focus:#7ab8ff;"
"--tag:#3d3110;--tagtext:#f3d38a;--bad:#421c1a;--badtext:#ffb9b3;"
"--well:#222b35}}\n"
"*{box-sizing:border-box}\n"
"html{font:100%/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,"
"\"Noto Sans\",Ubuntu,Cantarell,\"DejaVu Sans\",sans-serif;"
"background:var(--bg);color:var(--text);-webkit-text-size-adjust:100%}\n"
"body{margin:0 auto;padding:2rem 1rem 3rem;max-width:30rem}\n"
"header{display:flex;align-items:center;gap:.625rem;color:var(--main);"
"margin:0 .25rem 1rem}\n"
"header svg{flex:none}\n"
"header p{margin:0;overflow-wrap:anywhere;line-height:1.3}\n"
"header strong{font-size:1.125rem;letter-spacing:.01em}\n"
"header span{color:var(--soft);margin-left:.375rem}\n"
"main{background:var(--card);border:1px solid var(--line);"
"border-radius:.75rem;padding:2rem;"
"box-shadow:0 1px 2px rgba(15,25,35,.06),0 8px 24px rgba(15,25,35,.06)}\n"
"h1{font-size:1.625rem;line-height:1.25;margin:0 0 .75rem;"
"letter-spacing:-.01em;overflow-wrap:anywhere}\n"
"p{margin:0 0 1rem;overflow-wrap:anywhere}\n"
".client{font-size:1.125rem;margin:0 0 1.25rem}\n"
".tag{display:inline-block;background:var(--tag);color:var(--tagtext);"
"font-size:.8125rem;line-height:1.4;padding:.0625rem .5rem;"
"border-radius:1rem;white-space:nowrap;vertical-align:.125em}\n"
".alert{background:var(--bad);color:var(--badtext);padding:.75rem 1rem;"
"border-left:.25rem solid currentColor;border-radius:.375rem}\n"
"dl{margin:0 0 1.5rem;padding:1rem 1.25rem;background:var(--well);"
"border-radius:.5rem}\n"
"dt{color:var(--soft);font-size:.875rem;margin-top:1rem}\n"
"dt:first-child{margin-top:0}\n"
"dd{margin:0;overflow-wrap:anywhere}\n"
".host{font-size:1.5rem;font-weight:600;line-height:1.3}\n"
".note{color:var(--soft);font-size:.875rem}\n"
"code{font:.9375em ui-monospace,SFMono-Regular,Menlo,Consolas,"
"\"DejaVu Sans Mono\",monospace}\n"
"label{display:block;font-weight:600;margin:0 0 .375rem}\n"
"input[type=text],input[type=password]{display:block;width:100%;"
"font:inherit;color:inherit;background:var(--card);"
"border:1px solid var(--edge);border-radius:.5rem;padding:.625rem .75rem;"
"margin:0 0 1.125rem;min-height:2.75rem}\n"
".check{display:grid;grid-template-columns:auto 1fr;column-gap:.75rem;"
"align-items:center;margin:0 0 1.5rem}\n"
".check input{width:1.25rem;height:1.25rem;margin:0;"
"accent-color:var(--main)}\n"
".check label{margin:0;padding:.25rem 0}\n"
".check span{grid-column:2;color:var(--soft);font-size:.9375rem}\n"
".buttons{display:flex;flex-wrap:wrap;gap:.75rem;margin:0 0 1.5rem}\n"
"button{flex:1 1 8rem;font:inherit;font-weight:600;min-height:2.875rem;"
"padding:.5rem 1.25rem;border-radius:.5rem;cursor:pointer;"
"background:var(--card);color:var(--text);border:1px solid var(--edge)}\n"
"button:hover{background:var(--well)}\n"
"button.main{background:var(--main);color:var(--on);"
"border-color:var(--main)}\n"
"button.main:hover{background:var(--main2);border-color:var(--main2)}\n"
":focus-visible{outline:3px solid var(--focus);outline-offset:2px}\n"
".advice{color:var(--soft);font-size:.875rem;margin:0}\n"
"@media (max-width:26rem){body{padding:1rem .75rem 2rem}"
"main{padding:1.25rem}.host{font-size:1.25rem}}\n"
"@media (forced-colors:active){button,.tag,main{border:1px solid}}\n";

const char *
page_style(size_t *len)
{
	*len = sizeof(style) - 1;
	return (style);
}

/* Icon file with one 32 by 32 image: the tower of the page header. */
static const unsigned char icon[] = {
#include "icon.h"
};

const void *
page_icon(size_t *len)
{
	*len = sizeof(icon);
	return (icon);
}
