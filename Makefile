# sendwatch: `make` builds ./sendwatch, `make check` tests everything, `make help` lists the rest.

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CC      ?= gcc

FOLDERS := base collector parsers detectors responders commands

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wcast-qual -Wpointer-arith -Wundef -Wvla -Wconversion \
	-Wsign-conversion -Wnull-dereference -Wswitch-enum -Wimplicit-fallthrough
ifneq (,$(findstring gcc,$(CC)))
WARNINGS += -Wlogical-op -Wduplicated-cond -Wduplicated-branches
endif
HARDENING := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE
OPTIMISE  ?= -O2 $(HARDENING)
CFLAGS    ?= -g

# Libraries without which there is no sendwatch, and those that are used where they are installed.
NEEDED   := libpcre2-8 hiredis jansson zlib libcurl inih
OPTIONAL := libisal libzstd liblzma libsystemd libmicrohttpd libmaxminddb libcares libcrypto
FOUND    := $(foreach lib,$(OPTIONAL),$(shell pkg-config --exists $(lib) 2>/dev/null && echo $(lib)))
LIB_CFLAGS := $(shell pkg-config --cflags $(NEEDED) $(FOUND) 2>/dev/null) \
	$(foreach lib,$(FOUND),-DHAVE_$(shell echo $(lib) | tr a-z A-Z))
LIB_LIBS   := $(shell pkg-config --libs $(NEEDED) $(FOUND) 2>/dev/null) -lm -lpthread
ifneq (,$(wildcard /usr/include/bzlib.h))
LIB_CFLAGS += -DHAVE_BZIP2
LIB_LIBS   += -lbz2
endif

ALL_CFLAGS  := -std=c11 -I. $(WARNINGS) $(OPTIMISE) $(CFLAGS) $(LIB_CFLAGS)
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now $(LDFLAGS)

SOURCES := $(filter-out commands/main.c,$(wildcard $(FOLDERS:%=%/*.c)))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libsendwatch.a
UNIT    := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

all: $(LIBRARY) $(if $(wildcard commands/main.c),sendwatch)

sendwatch: $(BUILD)/commands/main.o $(LIBRARY)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(LIBRARY): $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka $(LIB_LIBS)

test-unit: $(UNIT)
	@for t in $(UNIT); do ./$$t || exit 1; done

clean:
	rm -rf $(BUILD) sendwatch

-include $(OBJECTS:.o=.d) $(UNIT:%=%.d) $(BUILD)/commands/main.d

.PHONY: all test-unit clean
