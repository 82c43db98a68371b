# sendwatch: `make` builds ./sendwatch, `make check` tests everything, `make help` lists the rest.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
BUILD      ?= build
ifeq ($(origin CC),default)
CC := gcc
endif

FOLDERS := base collector parsers detectors responders commands

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wcast-qual -Wpointer-arith -Wundef -Wvla -Wconversion \
	-Wsign-conversion -Wnull-dereference -Wswitch-enum -Wimplicit-fallthrough
ifneq (,$(findstring gcc,$(CC)))
WARNINGS += -Wlogical-op -Wduplicated-cond -Wduplicated-branches
# Behind a literal within a literal, gcc 11 takes named fields for unnamed ones, of which some are missing.
ifneq (,$(filter 9 10 11,$(shell $(CC) -dumpversion | cut -d . -f 1)))
WARNINGS += -Wno-missing-field-initializers
endif
endif
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE
OPTIMISE  ?= -O2 $(HARDENING)
CFLAGS    ?= -g
# The program alone is optimised across files, 9 % off a replay: tests link what was compiled as usual. Each file has had
# its warnings by then; across files, -Wnull-dereference takes for possible what the other file rules out.
ifneq (,$(findstring gcc,$(CC)))
ifeq ($(origin OPTIMISE),file)
LTO       := -flto=auto -ffat-lto-objects
endif
endif
ACROSS    := $(LTO)
# PROFILE=record makes a program that notes beside its objects how often it went where, PROFILE=use lays it out by that;
# each file has had its warnings before.
ifneq (,$(LTO))
ifeq ($(PROFILE),record)
RECORDED  := -fprofile-generate -fprofile-update=prefer-atomic
TRAINED   := $(BUILD)/tests/bench/training/getrandom.o
else ifeq ($(PROFILE),use)
RECORDED  := -fprofile-use -fprofile-partial-training -w
endif
endif

# Libraries without which there is no sendwatch, and those that are used where they are installed.
NEEDED   := libpcre2-8 hiredis jansson zlib libcurl inih
OPTIONAL := libisal libzstd liblzma libsystemd libmicrohttpd libmaxminddb libcares libcrypto hiredis_ssl
MISSING  := $(strip $(foreach lib,$(NEEDED),$(shell pkg-config --exists $(lib) 2>/dev/null || echo $(lib))))
FOUND    := $(foreach lib,$(OPTIONAL),$(shell pkg-config --exists $(lib) 2>/dev/null && echo $(lib)))
LIB_CFLAGS := $(shell pkg-config --cflags $(NEEDED) $(FOUND) 2>/dev/null) \
	$(foreach lib,$(FOUND),-DHAVE_$(shell echo $(lib) | tr a-z A-Z))
# Those that base/library.h loads when they are wanted are compiled for, but not linked.
LOADED     := libcurl libmicrohttpd libcrypto libsystemd libisal libzstd liblzma hiredis_ssl
LIB_LIBS   := $(shell pkg-config --libs $(filter-out $(LOADED),$(NEEDED) $(FOUND)) 2>/dev/null) -lm -lpthread -ldl
ifneq (,$(wildcard /usr/include/bzlib.h))
LIB_CFLAGS += -DHAVE_BZIP2
endif

ALL_CFLAGS  := -std=c11 -I. $(WARNINGS) $(OPTIMISE) $(RECORDED) $(CFLAGS) $(LIB_CFLAGS)
ALL_LDFLAGS := -fno-lto -pie -Wl,-z,relro,-z,now $(LDFLAGS)

# What the sanitizers, the fuzzer and the second compiler see: one build, in a folder of its own.
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifneq (,$(shell command -v clang 2>/dev/null))
SANITIZED := BUILD=$(BUILD)/sanitized CC=clang LDFLAGS="-fsanitize=address,undefined" \
	OPTIMISE="$(SANITIZE) -fsanitize=fuzzer-no-link"
else
SANITIZED := BUILD=$(BUILD)/sanitized LDFLAGS="-fsanitize=address,undefined" OPTIMISE="$(SANITIZE)"
endif

SOURCES := $(filter-out commands/main.c,$(wildcard $(FOLDERS:%=%/*.c)))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libsendwatch.a
PROGRAM := $(if $(filter build,$(BUILD)),sendwatch,$(BUILD)/sendwatch)
UNIT    := $(if $(shell pkg-config --exists cmocka 2>/dev/null && echo yes),$(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c)))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/*.c))
WRITER  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/generator/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

# V=1 shows the commands. A make that this one starts uses all processors, where it was not told otherwise.
ifndef V
.SILENT:
endif
QUIET := $(V)$(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say   = $(if $(QUIET),,echo '  $(1)')
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2) -O)

all: $(LIBRARY) $(if $(wildcard commands/main.c),$(PROGRAM))

help:
	echo 'make                 build ./sendwatch'
	echo 'make profiled        build/profiled/sendwatch, laid out by what a replay does most, as packages have it'
	echo 'make install         program, manual pages, completions, units, detect.conf (DESTDIR, PREFIX, SYSCONFDIR)'
	echo 'make uninstall       take that away again, but for detect.conf and what watch has written'
	echo 'make deb             a Debian package in build/deb, as lintian wants it'
	echo 'make rpm             the same as an RPM, by rpmbuild'
	echo 'make package-test    install, upgrade, remove and purge it; build it twice, and as an RPM (minutes; root)'
	echo 'make demo            install what is missing, build, replay the bundled sample logs'
	echo "make demo LOGS='...' the same on logs of your own"
	echo 'make check           install what is missing, build, run all tests'
	echo 'make e2e             the same with real servers on loopback: Postfix, Exim, Dovecot (root)'
	echo 'make lint            format, static analysis, order of the folders, shell scripts'
	echo 'make settings        rewrite detect.conf and its manual page from the tables of settings'
	echo 'make format          rewrite the C files in the agreed format'
	echo 'make bench           time replay beside wc, zcat, pflogsumm, eximstats (BENCH=quick: less)'
	echo 'make bench-table     put what the last bench found into README.md'
	echo 'make bench-compare BASE=rev  the same work by this tree and by another revision, in turns'
	echo 'make bench-detection  what is found, how early, and who is flagged falsely, by kind'
	echo 'make crash-test      kill watch and Redis masters (KILLS=200 SEED=1 LOGS=1), compare all totals with the truth'
	echo 'make soak            half an hour of kills, rotations and lines: nothing lost, memory flat (SOAK_MINUTES=10)'
	echo 'make fuzz            fuzz every target (FUZZ_SECONDS=60 each, FUZZ=name for one)'
	echo 'make clean'

$(PROGRAM): $(BUILD)/commands/main.o $(TRAINED) $(LIBRARY)
	$(call say,link $@)
	$(CC) $(ALL_CFLAGS) $(filter-out -fno-lto,$(ALL_LDFLAGS)) $(LTO) $(if $(LTO),-Wno-null-dereference) -o $@ $^ $(LIB_LIBS)

# The same program, laid out by what a replay does most: 2 to 11 % off that, for three times as long a build. Packages
# have this one, and `make bench` measures it. Where the compiler has no profiles, it is built as usual.
profiled: $(BUILD)/profiled/sendwatch
$(BUILD)/profiled/sendwatch: $(BUILD)/generate tests/bench/training/run $(OBJECTS) $(BUILD)/commands/main.o
	rm -rf $(@D)
ifneq (,$(LTO))
	$(MAKE) --no-print-directory $(JOBS) BUILD=$(@D) PROFILE=record $@
	$(call say,train $@)
	tests/bench/training/run $@ $<
endif
	$(MAKE) --no-print-directory $(JOBS) BUILD=$(@D) PROFILE=use $@

$(LIBRARY): $(OBJECTS)
	rm -f $@ && $(if $(LTO),gcc-ar,ar) rcs $@ $^

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call say,$(CC) $@)
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(if $(filter $(FOLDERS),$(firstword $(subst /, ,$<))),$(ACROSS)) -MMD -MP -c -o $@ $<

# Everything is built anew where the flags change: a library that came or went, another compiler. Whether
# warnings are errors makes no difference to what was built without any.
$(BUILD)/flags: FORCE
ifneq (,$(MISSING))
	echo 'sendwatch needs libraries that are not here ($(MISSING)): run contrib/install-deps' >&2; exit 1
endif
	mkdir -p $(BUILD)
	echo '$(strip $(CC) $(filter-out -Werror,$(ALL_CFLAGS)) $(LTO) $(LIB_LIBS))' > $@.now
	cmp -s $@.now $@ || cp $@.now $@
	rm -f $@.now

# The rules are put into the program by the assembler, which no dependency file sees.
$(BUILD)/parsers/reply_rules.o: parsers/replies.rules
$(BUILD)/detectors/redis_function.o: detectors/redis_swap.lua
$(BUILD)/commands/report_look.o: commands/report.css commands/report.js
# Nor does the optimiser across files see it.
$(BUILD)/parsers/reply_rules.o $(BUILD)/detectors/redis_function.o $(BUILD)/commands/report_look.o: ACROSS :=

$(BUILD)/tests/unit/%: tests/unit/%.c $(LIBRARY)
	$(call say,$(CC) $@)
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka $(LIB_LIBS)

$(BUILD)/generate: $(WRITER) $(LIBRARY)
	$(call say,link $@)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/tests/detection/%: tests/detection/%.c $(LIBRARY)
	$(call say,$(CC) $@)
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIB_LIBS)

$(BUILD)/tests/bench/%: tests/bench/%.c $(LIBRARY)
	$(call say,$(CC) $@)
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIB_LIBS)

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	$(call say,$(CC) $@)
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -fsanitize=fuzzer -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(LIB_LIBS)

units: all $(UNIT)
benches: all $(BUILD)/generate $(BENCHES) $(BUILD)/tests/detection/feed
fuzzers: all $(FUZZERS)

test-unit: $(UNIT)
	BUILD=$(BUILD) tests/run unit

sanitized:
	$(MAKE) --no-print-directory $(JOBS) $(SANITIZED) CFLAGS="$(CFLAGS)" units $(if $(findstring clang,$(SANITIZED)),fuzzers)

# The libraries may only be there once install-deps has run: what follows is made by another make. All groups at once:
# a package manager takes its time for each call. Warnings are errors in .ci/run alone: other compilers have others.
check:
	contrib/install-deps build check e2e package
	$(MAKE) --no-print-directory $(JOBS) CFLAGS="$(CFLAGS)" units benches sanitized
	BUILD=$(BUILD) tests/run all

e2e:
	contrib/install-deps build check e2e
	$(MAKE) --no-print-directory $(JOBS) all
	BUILD=$(BUILD) tests/run e2e

lint:
	contrib/install-deps build lint
	BUILD=$(BUILD) tests/run lint

demo: deps-build
	$(MAKE) --no-print-directory $(JOBS) all
	contrib/demo $(LOGS)

bench: deps-build deps-check
	$(MAKE) --no-print-directory $(JOBS) benches profiled
	BUILD=$(BUILD) SENDWATCH=$(abspath $(BUILD)/profiled/sendwatch) tests/bench/run $(BENCH)

# What the last `make bench` found, as the README's table.
bench-table:
	BUILD=$(BUILD) tests/bench/table update

bench-compare: deps-build
	$(MAKE) --no-print-directory $(JOBS) all $(BUILD)/generate
	BUILD=$(BUILD) tests/bench/compare "$(BASE)"

bench-detection: deps-build deps-check
	$(MAKE) --no-print-directory $(JOBS) benches
	BUILD=$(BUILD) tests/detection/full

.PHONY: crash-test
crash-test: deps-build deps-check
	$(MAKE) --no-print-directory $(JOBS) all
	PATH=$$PATH:/usr/sbin:/sbin PYTHONDONTWRITEBYTECODE=1 LC_ALL=C TZ=UTC \
		tests/crash/crash.py --kills $${KILLS:-200} --logs $${LOGS:-1} --seed $${SEED:-1}

# What takes half an hour: a hundred million lines, hundreds of kills, minutes of following.
.PHONY: soak
soak: deps-build deps-check
	$(MAKE) --no-print-directory $(JOBS) benches
	BUILD=$(BUILD) tests/run soak

fuzz: deps-build deps-check
	$(MAKE) --no-print-directory $(JOBS) sanitized
	BUILD=$(BUILD) FUZZ_SECONDS=$${FUZZ_SECONDS:-60} tests/run fuzz

settings: $(PROGRAM)
	./$(PROGRAM) check --defaults > detect.conf.new && mv detect.conf.new detect.conf
	./$(PROGRAM) check --defaults --man > contrib/man/detect.conf.5

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

deps-%:
	contrib/install-deps $*

# Everything that belongs to an installation; what the admin owns (detect.conf) is put there once and left alone. Its
# one difference from the defaults is the user that the unit and sysusers.d provide for.
# UNITDIR and its neighbours lie below PREFIX: systemd reads /usr/local/lib as well as /usr/lib.
UNITDIR     ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
BASHDIR     ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR      ?= $(PREFIX)/share/zsh/site-functions
FISHDIR     ?= $(PREFIX)/share/fish/vendor_completions.d
DOCDIR      ?= $(PREFIX)/share/doc/sendwatch
UNITS       := $(wildcard contrib/systemd/*.service)
PAGES       := $(wildcard contrib/man/*.[1-8])
PANELS      := $(wildcard contrib/panels/*)
WIRING      := $(patsubst contrib/addresses/%,%,$(filter-out %.d,$(wildcard contrib/addresses/*.* contrib/addresses/*.d/*.conf)))
DOCS        := README.md $(wildcard contrib/docs/*.md)
EXAMPLES    := $(wildcard contrib/systemd/examples/*.conf contrib/prometheus/*.yml contrib/grafana/*.json)
COMPLETIONS := $(BUILD)/completions/sendwatch $(BUILD)/completions/_sendwatch $(BUILD)/completions/sendwatch.fish

# Made from the program's own --help, so that they know every command and option that there is.
completions: $(COMPLETIONS)
$(COMPLETIONS): $(PROGRAM) contrib/completions/generate
	mkdir -p $(@D)
	contrib/completions/generate $(if $(filter %/sendwatch,$@),bash,$(if $(filter %.fish,$@),fish,zsh)) ./$(PROGRAM) > $@.new
	mv $@.new $@

install: all completions
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/sendwatch
	for page in $(PAGES); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit; done
	for panel in $(PANELS); do \
		install -D -m 755 $$panel $(DESTDIR)$(PREFIX)/share/sendwatch/panels/$${panel##*/} || exit; done
	install -D -m 755 contrib/hooks/password-changed $(DESTDIR)$(PREFIX)/share/sendwatch/hooks/password-changed
	for file in $(WIRING); do \
		install -D -m 644 contrib/addresses/$$file $(DESTDIR)$(PREFIX)/share/sendwatch/addresses/$$file || exit; done
	for page in $(DOCS); do install -D -m 644 $$page $(DESTDIR)$(DOCDIR)/$${page##*/} || exit; done
	for example in $(EXAMPLES); do \
		install -D -m 644 $$example $(DESTDIR)$(DOCDIR)/examples/$${example##*/} || exit; done
	install -D -m 644 $(BUILD)/completions/sendwatch $(DESTDIR)$(BASHDIR)/sendwatch
	install -D -m 644 $(BUILD)/completions/_sendwatch $(DESTDIR)$(ZSHDIR)/_sendwatch
	install -D -m 644 $(BUILD)/completions/sendwatch.fish $(DESTDIR)$(FISHDIR)/sendwatch.fish
	mkdir -p $(DESTDIR)$(UNITDIR)
	for unit in $(UNITS); do sed 's,/usr/bin/sendwatch,$(PREFIX)/bin/sendwatch,; s,/usr/share/doc/sendwatch,$(DOCDIR),' \
		$$unit > $(DESTDIR)$(UNITDIR)/$${unit##*/} && chmod 644 $(DESTDIR)$(UNITDIR)/$${unit##*/} || exit; done
	install -D -m 644 contrib/systemd/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/sendwatch.conf
	install -D -m 644 contrib/systemd/tmpfiles.conf $(DESTDIR)$(TMPFILESDIR)/sendwatch.conf
	install -D -m 644 contrib/logrotate/sendwatch $(DESTDIR)$(SYSCONFDIR)/logrotate.d/sendwatch
	mkdir -p $(BUILD) && sed '/^\[watch\]/,/^\[/s/^;user =.*/user = sendwatch/' detect.conf > $(BUILD)/detect.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/sendwatch/detect.conf || \
		install -D -m 640 $(BUILD)/detect.conf $(DESTDIR)$(SYSCONFDIR)/sendwatch/detect.conf

# What install put there, but for what the admin may have written to: detect.conf, the state and the journal stay.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/sendwatch $(DESTDIR)$(SYSUSERSDIR)/sendwatch.conf $(DESTDIR)$(TMPFILESDIR)/sendwatch.conf \
		$(DESTDIR)$(BASHDIR)/sendwatch $(DESTDIR)$(ZSHDIR)/_sendwatch $(DESTDIR)$(FISHDIR)/sendwatch.fish \
		$(DESTDIR)$(SYSCONFDIR)/logrotate.d/sendwatch $(UNITS:contrib/systemd/%=$(DESTDIR)$(UNITDIR)/%)
	for page in $(PAGES); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done
	rm -rf $(DESTDIR)$(PREFIX)/share/sendwatch $(DESTDIR)$(DOCDIR)

# A package for the Debian that this runs on, in $(BUILD)/deb, as dpkg-buildpackage makes it of what git knows; lintian
# has the last word. The same sources make the same package, byte for byte: its time is the changelog's.
VERSION := $(shell sed -n 's/.*SENDWATCH_VERSION "\(.*\)".*/\1/p' commands/command.h)
DEBDIR  ?= $(BUILD)/deb
DEBTREE := $(DEBDIR)/sendwatch-$(VERSION)
deb: deps-build deps-package
	$(MAKE) --no-print-directory package
package:
	rm -rf $(DEBDIR) && mkdir -p $(DEBTREE)
	{ git ls-files -z 2>/dev/null || find . -path ./build -prune -o \( -type f -o -type l \) -print0; } | \
		tar -c --null -T - | tar -x -C $(DEBTREE)
	cp -r contrib/debian $(DEBTREE)/debian
	grep -q '^sendwatch ($(VERSION)' contrib/debian/changelog || \
		{ echo 'contrib/debian/changelog does not begin with $(VERSION)' >&2; exit 1; }
	cd $(DEBTREE) && env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u BUILD -u V dpkg-buildpackage -us -uc -jauto $(DEBFLAGS) \
		> ../build.log 2>&1 || { tail -n 40 ../build.log >&2; exit 1; }
	cd $(DEBDIR) && lintian --allow-root --fail-on error,warning sendwatch_*.changes
	ls $(DEBDIR)/*.deb

# The same by contrib/rpm's spec; on a Debian too, where the libraries are Debian's: for a look at what is in it.
RPMDIR ?= $(BUILD)/rpm
rpm:
	rm -rf $(RPMDIR) && mkdir -p $(RPMDIR)/SOURCES
	{ git ls-files -z 2>/dev/null || find . -path ./build -prune -o \( -type f -o -type l \) -print0; } | \
		tar -c -z --null -T - --transform 's,^,sendwatch-$(VERSION)/,S' -f $(RPMDIR)/SOURCES/sendwatch-$(VERSION).tar.gz
	env -u MAKEFLAGS -u MAKELEVEL -u BUILD -u V rpmbuild -bb $(RPMFLAGS) --define "_topdir $(abspath $(RPMDIR))" \
		contrib/rpm/sendwatch.spec > $(RPMDIR)/build.log 2>&1 || { tail -n 40 $(RPMDIR)/build.log >&2; exit 1; }
	ls $(RPMDIR)/RPMS/*/*.rpm

# What takes minutes: the packages as they are shipped.
package-test: deps-build deps-check deps-package
	$(MAKE) --no-print-directory $(JOBS) all
	BUILD=$(BUILD) tests/run package shipped

clean:
	rm -rf $(BUILD) sendwatch

-include $(OBJECTS:.o=.d) $(WRITER:.o=.d) $(UNIT:%=%.d) $(BENCHES:%=%.d) $(FUZZERS:%=%.d) $(BUILD)/commands/main.d

.PHONY: all help profiled units benches fuzzers test-unit sanitized check e2e lint demo bench bench-table bench-compare bench-detection fuzz format settings completions install uninstall deb package
.PHONY: rpm package-test clean FORCE
