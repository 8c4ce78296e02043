# keepd: GNU make.  One folder is one program; objects go to obj/.
#
#   make            build everything
#   make demo       install what is missing, start a server with demo data
#   make test       install what the tests need, run all layers
#   make unit       unit tests and fuzz corpora only
#   make install    DESTDIR and PREFIX are honoured; uninstall keeps state
#   make lint       cppcheck, clang-tidy, mandoc, house rules
#   make soak       the long counts of the kill and revocation tests
# Variables: SAN=1 (address and undefined-behaviour sanitizers), CC, OBJ.

VERSION =	0.1.0
PREFIX ?=	/usr/local
SBINDIR ?=	$(PREFIX)/sbin
LIBEXECDIR ?=	$(PREFIX)/libexec/keepd
MANDIR ?=	$(PREFIX)/share/man
SYSCONFDIR ?=	/etc
UNITDIR ?=	$(PREFIX)/lib/systemd/system
CC ?=		cc
OBJ ?=		obj
OS :=		$(shell uname -s)

# gcc has a warning about cut text that clang does not know.
NOTRUNC :=	$(shell $(CC) -Werror -Wno-format-truncation -E -x c /dev/null \
		    >/dev/null 2>&1 && echo -Wno-format-truncation)
WARN =		-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
		-Wmissing-prototypes -Wpointer-arith -Wcast-qual \
		-Wwrite-strings -Wno-unused-parameter -Wformat=2 \
		-Wno-format-nonliteral -Wno-format-y2k \
		$(NOTRUNC)
HARDEN =	-fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
CFLAGS ?=	-O2 -g
LDFLAGS ?=	-Wl,-z,relro,-z,now
ifdef SAN
OBJ :=		$(OBJ)/san
CFLAGS :=	-O1 -g -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -fno-omit-frame-pointer \
		-DKEEPD_SANITIZED
HARDEN =	-fPIE
LDFLAGS :=	-fsanitize=address,undefined
endif
CPPFLAGS +=	-D_GNU_SOURCE -DKEEPD_VERSION=\"$(VERSION)\" \
		-DLIBEXECDIR=\"$(LIBEXECDIR)\" -DSYSCONFDIR=\"$(SYSCONFDIR)\" \
		-DSBINDIR=\"$(SBINDIR)\" \
		-Icommon -I$(OBJ)/master -DOPENSSL_NO_DEPRECATED \
		-DOPENSSL_SUPPRESS_DEPRECATED
ALLCFLAGS =	-std=c11 $(CFLAGS) $(WARN) $(HARDEN) $(CPPFLAGS)
ALLLDFLAGS =	-pie $(LDFLAGS)

ifeq ($(OS),Linux)
LIBSANDBOX =	-lseccomp
endif

# ---- the programs: sources by folder, libraries by name ----
objs =		$(patsubst %.c,$(OBJ)/%.o,$(wildcard $(1)/*.c))
COMMON =	$(call objs,common) $(call objs,common/compat)
MASTER =	$(call objs,master) \
		$(if $(wildcard master/parse.y),$(OBJ)/master/parse.o)
LISTENER =	$(call objs,master/listener)
KEEPCTL =	$(call objs,master/keepctl)
AUTHD =		$(call objs,authd)
PWHASH =	$(call objs,authd/pwhash)
SIGND =		$(call objs,authd/signd)
TOOLD =		$(call objs,toold)

LIB_keepd =		$(LIBSANDBOX)
LIB_keepd-listener =	-lssl -lcrypto -ljansson $(LIBSANDBOX)
LIB_keepd-authd =	-lcrypto -llmdb $(LIBSANDBOX)
LIB_keepd-pwhash =	-lcrypto $(LIBSANDBOX)
LIB_keepd-signd =	-lcrypto $(LIBSANDBOX)
LIB_keepd-toold =	-lsqlite3 -ljansson -lmd -lm $(LIBSANDBOX)
LIB_keepctl =		$(LIBSANDBOX)

prog =		$(if $(wildcard $(2)),$(1))
PROGS =		$(call prog,keepd,master/keepd.c) \
		$(call prog,keepd-listener,master/listener/listener.c) \
		$(call prog,keepd-authd,authd/authd.c) \
		$(call prog,keepd-pwhash,authd/pwhash/pwhash.c) \
		$(call prog,keepd-signd,authd/signd/signd.c) \
		$(call prog,keepd-toold,toold/toold.c) \
		$(call prog,keepctl,master/keepctl/keepctl.c)
BINS =		$(PROGS:%=$(OBJ)/%)

all: $(OBJ)/libcommon.a $(BINS)

Q =		$(if $(V),,@)
LINK =		$(Q)echo LD $@; $(CC) $(ALLLDFLAGS) -Wl,--as-needed -o $@ $(filter %.o %.a,$^)

# An archive, so that a program carries only what it calls.
$(OBJ)/libcommon.a: $(COMMON)
	@rm -f $@
	@ar rcs $@ $^

$(OBJ)/keepd: $(MASTER) $(OBJ)/libcommon.a
	$(LINK) $(LIB_keepd)
$(OBJ)/keepd-listener: $(LISTENER) $(OBJ)/libcommon.a
	$(LINK) $(LIB_keepd-listener)
$(OBJ)/keepd-authd: $(AUTHD) $(OBJ)/libcommon.a
	$(LINK) $(LIB_keepd-authd)
$(OBJ)/keepd-pwhash: $(PWHASH) $(OBJ)/libcommon.a
	$(LINK) $(LIB_keepd-pwhash)
$(OBJ)/keepd-signd: $(SIGND) $(OBJ)/libcommon.a
	$(LINK) $(LIB_keepd-signd)
$(OBJ)/keepd-toold: $(TOOLD) $(OBJ)/libcommon.a
	$(LINK) $(LIB_keepd-toold) -Wl,-Map,$@.map
# For the conformance suite: the same objects and one more.
$(OBJ)/fixture/keepd-toold: $(TOOLD) $(OBJ)/tests/e2e/fixture.o \
    $(OBJ)/libcommon.a
	@mkdir -p $(@D)
	$(LINK) $(LIB_keepd-toold) -Wl,-Map,$@.map
$(OBJ)/keepctl: $(KEEPCTL) $(OBJ)/libcommon.a
	$(LINK) $(LIB_keepctl)

$(OBJ)/tests/%.o: CPPFLAGS += -I.
$(OBJ)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)echo CC $<; $(CC) $(ALLCFLAGS) -I$(dir $<) -MMD -MP -c -o $@ $<

$(OBJ)/master/parse.c: master/parse.y
	@mkdir -p $(@D)
	yacc -d -o $@ $<
$(OBJ)/master/parse.o: $(OBJ)/master/parse.c
	$(Q)echo CC $<; $(CC) $(ALLCFLAGS) -Wno-missing-prototypes -Imaster -MMD -MP -c -o $@ $<

# ---- unit tests: one binary a file ----
#
# tests/unit/x_test.c links libcommon.a, cmocka and the objects it names in
# its first lines as:   /* link: toold/schema.o toold/pattern.o -ljansson */
# (the word TOOLD stands for all of toold but its main).
UNIT =		$(patsubst tests/unit/%.c,$(OBJ)/unit/%,$(wildcard tests/unit/*_test.c))
FUZZ =		$(patsubst tests/fuzz/%.c,$(OBJ)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
linkline =	$(shell sed -n 's,.*/\* link: \(.*\) \*/.*,\1,p' $(1))
linkobjs =	$(addprefix $(OBJ)/,$(filter %.o,$(call linkline,$(1)))) \
		$(if $(filter TOOLD,$(call linkline,$(1))), \
		$(filter-out %/toold.o,$(TOOLD)))
linklibs =	$(filter-out %.o TOOLD,$(call linkline,$(1)))

.SECONDEXPANSION:
$(OBJ)/unit/%: tests/unit/%.c $$(call linkobjs,tests/unit/$$*.c) \
    $(wildcard tests/unit/*.h) $(OBJ)/libcommon.a
	@mkdir -p $(@D)
	$(Q)echo CC $<; $(CC) $(ALLCFLAGS) -I. -Itests/unit $(ALLLDFLAGS) -o $@ $(filter %.c %.o %.a,$^) \
	    -lcmocka $(call linklibs,$<) $(LIBSANDBOX)
# Each fuzz body runs its corpus, and each entry cut and flipped, here.
$(OBJ)/fuzz/%: tests/fuzz/%.c tests/fuzz/main.c \
    $$(call linkobjs,tests/fuzz/$$*.c) $(OBJ)/libcommon.a
	@mkdir -p $(@D)
	$(Q)echo CC $<; $(CC) $(ALLCFLAGS) -I. -Wno-missing-prototypes $(ALLLDFLAGS) -o $@ \
	    $(filter %.c %.o %.a,$^) $(call linklibs,$<) $(LIBSANDBOX)

unit: $(UNIT) $(FUZZ)
	@set -e; for t in $(UNIT); do echo "== $$t"; $$t; done
	@set -e; for t in $(FUZZ); do n=$$(basename $$t _fuzz); \
	    echo "== fuzz $$n"; $$t tests/fuzz/corpus/$$n; done
# Helpers of the attack tests and load generators of the benchmarks.
TOOLS =		$(patsubst tests/%.c,$(OBJ)/%,$(wildcard tests/privsep/*.c \
		    tests/soak/*.c tests/bench/*.c))
$(OBJ)/privsep/%: tests/privsep/%.c $$(call linkobjs,tests/privsep/$$*.c) \
    $(wildcard tests/privsep/*.h) $(OBJ)/libcommon.a
	@mkdir -p $(@D)
	$(Q)echo CC $<; $(CC) $(ALLCFLAGS) $(ALLLDFLAGS) -o $@ \
	    $(filter %.c %.o %.a,$^) $(LIBSANDBOX) $(call linklibs,$<)
$(OBJ)/soak/%: tests/soak/%.c $(OBJ)/libcommon.a
	@mkdir -p $(@D)
	$(Q)echo CC $<; $(CC) $(ALLCFLAGS) $(ALLLDFLAGS) -o $@ \
	    $(filter %.c %.a,$^) $(LIBSANDBOX) $(call linklibs,$<)
$(OBJ)/bench/%: tests/bench/%.c $(OBJ)/libcommon.a
	@mkdir -p $(@D)
	$(Q)echo CC $<; $(CC) $(ALLCFLAGS) $(ALLLDFLAGS) -o $@ \
	    $(filter %.c %.a,$^) $(LIBSANDBOX) $(call linklibs,$<)
unit-bins: $(UNIT) $(FUZZ) $(TOOLS) $(OBJ)/fixture/keepd-toold

test:
	sh tests/run.sh
soak: all
	sh tests/soak.sh
bench: all
	sh tests/bench/run.sh
	sh tests/bench/streams.sh
	sh tests/bench/scale.sh
demo:
	@sh etc/demo.sh

lint:
	sh tests/lint.sh

clean:
	rm -rf $(OBJ)

MAN5 =		$(wildcard master/*.5)
MAN7 =		$(wildcard master/*.7)
MAN8 =		$(wildcard master/*.8 master/*/*.8 authd/*.8 authd/*/*.8 \
		    toold/*.8)
install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 \
	    $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(SYSCONFDIR)
	install -m 755 $(OBJ)/keepd $(OBJ)/keepctl $(DESTDIR)$(SBINDIR)
	install -m 755 $(OBJ)/keepd-listener $(OBJ)/keepd-authd \
	    $(OBJ)/keepd-pwhash $(OBJ)/keepd-signd $(OBJ)/keepd-toold \
	    $(DESTDIR)$(LIBEXECDIR)
	for m in $(MAN5); do install -m 644 $$m $(DESTDIR)$(MANDIR)/man5; done
	for m in $(MAN7); do install -m 644 $$m $(DESTDIR)$(MANDIR)/man7; done
	for m in $(MAN8); do install -m 644 $$m $(DESTDIR)$(MANDIR)/man8; done
	sh etc/install.sh "$(DESTDIR)" "$(PREFIX)" "$(SYSCONFDIR)" "$(UNITDIR)"
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/keepd $(DESTDIR)$(SBINDIR)/keepctl
	rm -rf $(DESTDIR)$(LIBEXECDIR)
	for m in $(notdir $(MAN5)); do rm -f $(DESTDIR)$(MANDIR)/man5/$$m; done
	for m in $(notdir $(MAN7)); do rm -f $(DESTDIR)$(MANDIR)/man7/$$m; done
	for m in $(notdir $(MAN8)); do rm -f $(DESTDIR)$(MANDIR)/man8/$$m; done
	sh etc/install.sh -u "$(DESTDIR)" "$(PREFIX)" "$(SYSCONFDIR)" "$(UNITDIR)"

.PHONY: all unit unit-bins test soak bench demo lint clean install uninstall
.SECONDARY:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
