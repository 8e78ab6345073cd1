# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
#
# Needs GNU make. A bare "make" in a fresh clone configures itself; what was
# found is in config.mk. Variables given on the command line win.

all:

CLEAN_GOALS = clean distclean format format-check
ifneq ($(filter-out $(CLEAN_GOALS),$(or $(MAKECMDGOALS),all)),)
include config.mk
else
-include $(wildcard config.mk)
endif
srcdir ?= .
# only sources: objects of a build in the source directory are not ours
ifneq ($(srcdir),.)
vpath %.c $(srcdir)
endif

.SUFFIXES:
.PHONY: all check check-unit check-fuzz check-integration check-system check-static \
	bench bench-codec bench-latency bench-sessions errors metrics fuzz fuzz-programs install install-systemd uninstall dist distcheck \
	format format-check \
	clean distclean
.DELETE_ON_ERROR:

$(srcdir)/config.h.in: $(srcdir)/configure.ac
	cd $(srcdir) && autoheader && touch config.h.in
$(srcdir)/configure: $(srcdir)/configure.ac $(srcdir)/config.h.in
	cd $(srcdir) && autoconf && touch configure
config.mk: $(srcdir)/configure $(srcdir)/config.mk.in
	$(if $(wildcard config.status),./config.status --recheck && ./config.status,$(srcdir)/configure $(CONFIGURE_ARGS))

# --- what is built -------------------------------------------------------------
LIB_SRC = $(filter-out sstpd/main.c,$(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/sstpd/*.c))))
LIB_OBJ = $(LIB_SRC:.c=.o)
PROBE_SRC = $(filter-out sstp-probe/main.c,$(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/sstp-probe/*.c))))
PROBE_OBJ = $(PROBE_SRC:.c=.o)
CTL_SRC = $(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/sstpctl/*.c)))
CTL_OBJ = $(CTL_SRC:.c=.o)
UNIT_SRC = $(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/test/unit/test_*.c)))
UNIT_BIN = $(UNIT_SRC:.c=)
FUZZ_SRC = $(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/test/fuzz/fuzz_*.c)))
FUZZ_BIN = $(FUZZ_SRC:.c=)
PLUGIN = ppp-plugin/sstpd-plugin.so

DEFS = -D_GNU_SOURCE -DHAVE_CONFIG_H -I. -I$(srcdir) -I$(srcdir)/sstpd \
	-DSSTPD_VERSION='"$(VERSION)"' -DSYSCONFDIR='"$(sysconfdir)"' \
	-DRUNSTATEDIR='"$(runstatedir)"' -DSBINDIR='"$(sbindir)"' -DPPPD_PATH='"$(pppd_path)"' \
	-DPPPD_PLUGINDIR='"$(pppd_plugindir)"'
LIB_CFLAGS = $(OPENSSL_CFLAGS) $(EV_CFLAGS) $(INIPARSER_CFLAGS) $(SECCOMP_CFLAGS)
DAEMON_LIBS = $(OPENSSL_LIBS) $(EV_LIBS) $(INIPARSER_LIBS) $(SECCOMP_LIBS) $(LIBS)
PROBE_LIBS = $(OPENSSL_LIBS) $(EV_LIBS) $(LIBS)
# a line a file; "make V=1" shows the commands
ifneq ($(V),1)
MAKEFLAGS += --no-print-directory
QUIET = @echo "  $(patsubst $(abspath .)/%,%,$@)";
endif
COMPILE = $(QUIET)$(CC) -std=c11 $(DEFS) $(LIB_CFLAGS) $(CPPFLAGS) $(WARN_CFLAGS) \
	$(HARD_CFLAGS) $(SAN_FLAGS) -MMD -MP

all: sstpd/sstpd sstpctl/sstpctl sstp-probe/sstp-probe $(PLUGIN)

# libev's header is not clean under our warnings (its strict-aliasing trick)
sstpd/%.o: sstpd/%.c config.mk
	@mkdir -p $(@D)
	$(COMPILE) $(PIE_CFLAGS) -fno-strict-aliasing $(CFLAGS) -c -o $@ $<
sstpd/libsstpd.a: $(LIB_OBJ)
	$(QUIET)rm -f $@ && $(AR) rcs $@ $^
sstpd/sstpd: sstpd/main.o sstpd/libsstpd.a
	$(QUIET)$(CC) $(SAN_FLAGS) $(CFLAGS) $(PIE_LDFLAGS) $(HARD_LDFLAGS) $(LDFLAGS) -o $@ $^ $(DAEMON_LIBS)

sstpctl/%.o: sstpctl/%.c config.mk
	@mkdir -p $(@D)
	$(COMPILE) $(PIE_CFLAGS) $(CFLAGS) -c -o $@ $<
sstpctl/sstpctl: $(CTL_OBJ)
	$(QUIET)$(CC) $(SAN_FLAGS) $(CFLAGS) $(PIE_LDFLAGS) $(HARD_LDFLAGS) $(LDFLAGS) -o $@ $(CTL_OBJ)

sstp-probe/%.o: sstp-probe/%.c config.mk
	@mkdir -p $(@D)
	$(COMPILE) $(PIE_CFLAGS) -fno-strict-aliasing $(CFLAGS) -c -o $@ $<
sstp-probe/libsstp-probe.a: $(PROBE_OBJ)
	$(QUIET)rm -f $@ && $(AR) rcs $@ $^
sstp-probe/sstp-probe: sstp-probe/main.o sstp-probe/libsstp-probe.a sstpd/libsstpd.a
	$(QUIET)$(CC) $(SAN_FLAGS) $(CFLAGS) $(PIE_LDFLAGS) $(HARD_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PROBE_LIBS)

# runs inside pppd: no sanitizer, and pppd's headers are not clean under more warnings
ppp-plugin/%.o: ppp-plugin/%.c config.mk
	@mkdir -p $(@D)
	$(QUIET)$(CC) -std=gnu11 $(DEFS) $(PPPD_CFLAGS) $(CPPFLAGS) -Wall -Wextra \
	    -Wshadow $(HARD_CFLAGS) -MMD -MP $(CFLAGS) -fPIC -c -o $@ $<
$(PLUGIN): ppp-plugin/sstpd-plugin.o ppp-plugin/template.o ppp-plugin/tun.o
	$(QUIET)$(CC) $(HARD_CFLAGS) $(CFLAGS) -fPIC -shared $(HARD_LDFLAGS) $(LDFLAGS) -o $@ $^

# --- tests ---------------------------------------------------------------------
test/unit/%: test/unit/%.c sstp-probe/libsstp-probe.a sstpd/libsstpd.a config.mk
	@mkdir -p $(@D)
	$(COMPILE) -I$(srcdir)/sstp-probe $(CMOCKA_CFLAGS) -DTEST_DATA='"$(abspath $(srcdir))/test/data"' \
	    -DTEST_BUILD='"$(abspath .)"' $(CFLAGS) $(LDFLAGS) -o $@ $< \
	    sstp-probe/libsstp-probe.a sstpd/libsstpd.a $(CMOCKA_LIBS) $(DAEMON_LIBS)
test/fakepppd: test/fakepppd.c ppp-plugin/template.c sstpd/libsstpd.a config.mk
	@mkdir -p $(@D)
	$(COMPILE) -I$(srcdir)/ppp-plugin $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.a,$^) $(DAEMON_LIBS)
test/rogue: test/rogue.c sstpd/libsstpd.a config.mk
	@mkdir -p $(@D)
	$(COMPILE) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.a,$^)
DOUBLES = test/fakepppd test/rogue

# Seeds are replayed by a main() of ours; "make fuzz" has libFuzzer's.
FUZZ_MAIN = test/fuzz/replay.o
test/fuzz/%.o: test/fuzz/%.c config.mk
	@mkdir -p $(@D)
	$(COMPILE) -DSEED_DIR='"$(abspath $(srcdir))/test/data/fuzz"' \
	    -I$(srcdir)/sstp-probe $(PIE_CFLAGS) $(CFLAGS) -c -o $@ $<
test/fuzz/fuzz_%: test/fuzz/fuzz_%.o $(FUZZ_MAIN) sstp-probe/libsstp-probe.a sstpd/libsstpd.a
	$(QUIET)$(CC) $(SAN_FLAGS) $(CFLAGS) $(PIE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(DAEMON_LIBS)
.SECONDARY: $(FUZZ_SRC:.c=.o) test/fuzz/replay.o

BENCH_BIN = test/bench/hdlc test/bench/relay
# without what a valgrind may be too old to read
test/bench/%: test/bench/%.c sstp-probe/libsstp-probe.a sstpd/libsstpd.a config.mk
	@mkdir -p $(@D)
	$(COMPILE) $(PIE_CFLAGS) $(CFLAGS) $(PIE_LDFLAGS) $(LDFLAGS) -Wl,-S -I$(srcdir)/sstp-probe -o $@ $< \
	    sstp-probe/libsstp-probe.a sstpd/libsstpd.a $(DAEMON_LIBS)
bench-codec: $(BENCH_BIN)
	$(srcdir)/test/bench/codec --build .

# in a virtual machine, where figures repeat
bench: all
	$(srcdir)/test/bench/run --build .
bench-sessions: all
	$(srcdir)/test/bench/sessions --build .
bench-latency: all
	$(srcdir)/test/bench/latency --build .

need-cmocka:
ifneq ($(have_cmocka),yes)
	@echo "the unit tests need cmocka: install libcmocka-dev (Debian) or libcmocka-devel (Fedora)" >&2; exit 1
endif
check: need-cmocka all $(UNIT_BIN) $(FUZZ_BIN) $(BENCH_BIN) $(DOUBLES)
	$(srcdir)/test/run --build . unit fuzz static integration
check-unit: need-cmocka $(UNIT_BIN)
	$(srcdir)/test/run --build . unit
check-fuzz: $(FUZZ_BIN)
	$(srcdir)/test/run --build . fuzz
check-integration: all $(DOUBLES)
	$(srcdir)/test/run --build . integration
check-static: all $(BENCH_BIN)
	$(srcdir)/test/run --build . static
check-system: all
	$(srcdir)/test/run --build . system

# libFuzzer is clang's: a build of its own, configured as this one otherwise
FUZZ_CC = clang
FUZZ_SECONDS = 60
FUZZ_TARGETS = $(FUZZ_BIN:test/fuzz/fuzz_%=%)
FUZZ_TRY = echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	$(FUZZ_CC) -x c -fsanitize=fuzzer,address - -o /dev/null
build-fuzz/config.mk: config.mk
	@$(FUZZ_TRY) || { echo "make fuzz needs libFuzzer: install clang and libclang-rt-14-dev," \
	    "or that of your clang's version (Debian), or clang and compiler-rt (Fedora)" >&2; exit 1; }
	@mkdir -p build-fuzz
	eval "set -- $$(./config.status --config)" && cd build-fuzz && \
	    $(abspath $(srcdir))/configure --quiet "$$@" CC=$(FUZZ_CC) --enable-sanitizers \
	    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' && touch config.mk
fuzz-programs: $(FUZZ_BIN)
fuzz: build-fuzz/config.mk
	$(MAKE) -C build-fuzz FUZZ_MAIN= LDFLAGS=-fsanitize=fuzzer fuzz-programs
	$(srcdir)/test/fuzz/run --build build-fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

FORMATTED = $(wildcard $(addprefix $(srcdir)/,sstpd/*.[ch] sstpctl/*.[ch] sstp-probe/*.[ch] ppp-plugin/*.[ch] test/*.[ch] test/unit/*.[ch] test/fuzz/*.[ch] test/bench/*.[ch]))
# the manual pages that are made of the daemon's own tables
errors metrics: sstpd/sstpd
	$(srcdir)/scripts/mk$@ sstpd/sstpd >sstpd-$@.tmp
	mv sstpd-$@.tmp $(srcdir)/sstpd/sstpd-$@.7

format:
	clang-format -i $(FORMATTED)
format-check:
	clang-format --dry-run --Werror $(FORMATTED)

# --- install -------------------------------------------------------------------
# Pages and samples name the usual places; installed, they name the real ones.
PLACES = sed -e 's,/etc/sstpd/,$(sysconfdir)/sstpd/,g' -e 's,/run/sstpd/,$(runstatedir)/sstpd/,g' \
	-e 's,/usr/sbin/pppd,$(pppd_path),g' -e 's,/usr/lib/pppd/,$(pppd_plugindir)/,g' \
	-e 's,/usr/sbin/sstpd,$(sbindir)/sstpd,g'
PAGES = $(DESTDIR)$(mandir)
DOCS = $(DESTDIR)$(docdir)
CONFIG = $(DESTDIR)$(sysconfdir)/sstpd/sstpd.conf
# pppd's own directory, whatever our prefix is
PPP_OPTIONS = $(DESTDIR)/etc/ppp/options.sstpd

install: all
	$(INSTALL) -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(pppd_plugindir) \
	    $(PAGES)/man1 $(PAGES)/man5 $(PAGES)/man7 $(PAGES)/man8 $(DOCS) $(dir $(CONFIG)) $(dir $(PPP_OPTIONS))
	$(INSTALL) -m 755 sstpd/sstpd $(DESTDIR)$(sbindir)/sstpd
	$(INSTALL) -m 755 sstpctl/sstpctl $(DESTDIR)$(sbindir)/sstpctl
	$(PLACES) $(srcdir)/sstpctl/sstpctl.8 >$(PAGES)/man8/sstpctl.8
	$(INSTALL) -m 755 sstp-probe/sstp-probe $(DESTDIR)$(bindir)/sstp-probe
	$(INSTALL) -m 644 $(srcdir)/sstp-probe/sstp-probe.1 $(PAGES)/man1/sstp-probe.1
	$(INSTALL) -m 644 $(srcdir)/sstpd/sstpd-errors.7 $(PAGES)/man7/sstpd-errors.7
	$(INSTALL) -m 644 $(srcdir)/sstpd/sstpd-metrics.7 $(PAGES)/man7/sstpd-metrics.7
	$(INSTALL) -m 644 $(PLUGIN) $(DESTDIR)$(pppd_plugindir)/sstpd-plugin.so
	$(PLACES) $(srcdir)/sstpd/sstpd.8 >$(PAGES)/man8/sstpd.8
	$(PLACES) $(srcdir)/sstpd/sstpd.conf.5 >$(PAGES)/man5/sstpd.conf.5
	$(PLACES) $(srcdir)/etc/sstpd.conf >$(DOCS)/sstpd.conf
	$(PLACES) $(srcdir)/etc/options.sstpd >$(DOCS)/options.sstpd
	chmod 644 $(PAGES)/man8/sstpctl.8 $(PAGES)/man8/sstpd.8 $(PAGES)/man5/sstpd.conf.5 \
	    $(DOCS)/sstpd.conf $(DOCS)/options.sstpd
	$(INSTALL) -m 644 $(addprefix $(srcdir)/,README.md COPYING NEWS) $(DOCS)
	$(INSTALL) -d $(DOCS)/fail2ban/filter.d $(DOCS)/fail2ban/jail.d
	$(INSTALL) -m 644 $(srcdir)/etc/fail2ban/filter.d/sstpd.conf $(DOCS)/fail2ban/filter.d
	$(INSTALL) -m 644 $(srcdir)/etc/fail2ban/jail.d/sstpd.conf $(DOCS)/fail2ban/jail.d
	$(INSTALL) -d $(DOCS)/prometheus $(DOCS)/grafana
	$(INSTALL) -m 644 $(srcdir)/etc/prometheus/sstpd.rules.yml $(DOCS)/prometheus
	$(INSTALL) -m 644 $(srcdir)/etc/grafana/sstpd.json $(DOCS)/grafana
	test -e $(CONFIG) || $(INSTALL) -m 640 $(DOCS)/sstpd.conf $(CONFIG)
	test -e $(PPP_OPTIONS) || $(INSTALL) -m 644 $(DOCS)/options.sstpd $(PPP_OPTIONS)

UNITS = $(DESTDIR)$(systemdsystemunitdir)
SYSTEMD_FILES = $(UNITS)/sstpd.service $(UNITS)/sstpd.socket \
	$(DESTDIR)$(sysusersdir)/sstpd.conf $(DESTDIR)$(tmpfilesdir)/sstpd.conf \
	$(DESTDIR)$(networkdir)/85-sstpd.network $(DESTDIR)$(udevrulesdir)/99-zz-sstpd.rules
install-systemd:
	$(INSTALL) -d $(dir $(SYSTEMD_FILES))
	$(PLACES) $(srcdir)/etc/sstpd.service >$(UNITS)/sstpd.service
	$(INSTALL) -m 644 $(srcdir)/etc/sstpd.socket $(UNITS)
	$(INSTALL) -m 644 $(srcdir)/etc/sysusers.d/sstpd.conf $(DESTDIR)$(sysusersdir)
	$(PLACES) $(srcdir)/etc/tmpfiles.d/sstpd.conf >$(DESTDIR)$(tmpfilesdir)/sstpd.conf
	$(INSTALL) -m 644 $(srcdir)/etc/85-sstpd.network $(DESTDIR)$(networkdir)
	$(PLACES) $(srcdir)/etc/99-zz-sstpd.rules >$(DESTDIR)$(udevrulesdir)/99-zz-sstpd.rules
	chmod 644 $(SYSTEMD_FILES)
ifneq ($(systemdsystemunitdir),)
install: install-systemd
endif

# configuration stays
uninstall:
	$(if $(systemdsystemunitdir),rm -f $(SYSTEMD_FILES))
	rm -f $(DESTDIR)$(sbindir)/sstpd $(DESTDIR)$(sbindir)/sstpctl $(PAGES)/man8/sstpctl.8
	rm -f $(DESTDIR)$(pppd_plugindir)/sstpd-plugin.so \
	    $(DESTDIR)$(bindir)/sstp-probe $(PAGES)/man1/sstp-probe.1 \
	    $(PAGES)/man8/sstpd.8 $(PAGES)/man7/sstpd-errors.7 \
	    $(PAGES)/man7/sstpd-metrics.7 $(PAGES)/man5/sstpd.conf.5
	rm -f $(addprefix $(DOCS)/,README.md COPYING NEWS sstpd.conf options.sstpd)
	rm -rf $(DOCS)/fail2ban $(DOCS)/prometheus $(DOCS)/grafana

# --- release -------------------------------------------------------------------
dist:
	$(srcdir)/scripts/mkdist $(VERSION)
distcheck: dist
	$(srcdir)/scripts/distcheck sstpd-$(VERSION).tar.gz

clean:
	rm -f sstpd/*.o sstpd/*.d sstpd/libsstpd.a sstpd/sstpd ppp-plugin/*.so ppp-plugin/*.o \
	    sstpctl/*.o sstpctl/*.d sstpctl/sstpctl \
	    sstp-probe/*.o sstp-probe/*.d sstp-probe/libsstp-probe.a sstp-probe/sstp-probe \
	    ppp-plugin/*.d $(DOUBLES) test/*.d test/unit/*.d $(UNIT_BIN) \
	    test/fuzz/*.o test/fuzz/*.d $(FUZZ_BIN) test/bench/*.d $(BENCH_BIN)
	test ! -e build-fuzz/config.mk || $(MAKE) -C build-fuzz clean
# the corpus of fuzzing goes, too
distclean: clean
	rm -rf build-fuzz build-bench build-latency autom4te.cache config.h config.mk config.log config.status configure~ config.h.in~
	test -e .dist-version || rm -f configure config.h.in

-include $(wildcard sstpd/*.d sstpctl/*.d sstp-probe/*.d ppp-plugin/*.d test/*.d test/unit/*.d test/fuzz/*.d test/bench/*.d)
