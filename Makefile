# berth: the front door. Everything real is in meson.build; this says what to type.
#
#   make                     build
#   make run                 build what is needed, answer 3476; ARGS=here, ARGS="443 --json" for others
#   make check               build and run the tests (release, and again under ASan and UBSan)
#   make check FULL=1        the same, with every suite and what each needs
#   make demo                a minute and a half that convinces
#   make bench               measure beside ss, lsof, netstat and fuser
#   make lint                static checks;  make fuzz TIME=60: seconds for each target
#   make windows             berth.exe by mingw-w64, its tests under wine;  make dist-windows: as a zip
#   make docs                write completions/ and data/schema/ again from the tables
#   make po                  bring po/ up to date with the texts of the source, and count what is missing
#   make update-golden       write the golden files again; look at the difference before a commit
#   make verify-uses         look the evidence of data/known-uses.tsv up again (network)
#   make install PREFIX=/usr/local DESTDIR=;  make uninstall
#   make deps                install what build, tests and full checks need;  make clean
#
# Missing packages are named with their size, asked for on a terminal and installed without asking
# elsewhere; DEPS=no never installs.

PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?= 3476
TIME ?= 60
FULL ?=
export DEPS

BUILD := build
ASAN := build-asan
FUZZ := build-fuzz
WINDOWS := build-windows
U := tools/as-user
NINJA := $(U) ninja --quiet -C

.PHONY: all run check windows dist-windows demo bench fuzz lint deps docs verify-uses install uninstall clean update-golden po \
	deps-build deps-check deps-full
.NOTPARALLEL:

all: $(BUILD)/build.ninja
	@$(NINJA) $(BUILD)

run: $(BUILD)/build.ninja
	@$(NINJA) $(BUILD) src/berth
	@$(BUILD)/src/berth $(ARGS)

# Folders of a build. The release one starts without tests, so that `make run` needs few packages.
$(BUILD)/build.ninja: | deps-build
	@echo "building berth in $(BUILD)/ (the first time takes a little)" >&2
	@$(U) meson setup $(BUILD) -Dtests=false >/dev/null || { cat $(BUILD)/meson-logs/meson-log.txt; exit 1; }

$(BUILD)/with-tests: $(BUILD)/build.ninja | deps-check
	@$(U) meson setup --reconfigure $(BUILD) -Dtests=true >/dev/null && $(U) touch $@

$(ASAN)/build.ninja: | deps-build deps-check
	@$(U) meson setup $(ASAN) --native-file dev.ini -Dtests=true >/dev/null || \
		{ cat $(ASAN)/meson-logs/meson-log.txt; exit 1; }

$(FUZZ)/build.ninja: | deps-build deps-check deps-full
	@CC=clang $(U) meson setup $(FUZZ) --native-file dev.ini -Dtests=true -Dfuzz=true >/dev/null || \
		{ cat $(FUZZ)/meson-logs/meson-log.txt; exit 1; }

$(WINDOWS)/build.ninja: | deps-build deps-full
	@$(U) meson setup $(WINDOWS) --cross-file cross/x86_64-w64-mingw32.ini -Dtests=true >/dev/null || \
		{ cat $(WINDOWS)/meson-logs/meson-log.txt; exit 1; }

deps-build:
	@tools/deps build

deps-check:
	@tools/deps build check

deps-full:
	@tools/deps build check full

deps: deps-full

check: $(if $(FULL),deps-full) $(BUILD)/with-tests $(ASAN)/build.ninja
	@$(NINJA) $(BUILD)
	@$(NINJA) $(ASAN)
	@$(U) tools/check $(BUILD) $(ASAN) $(if $(FULL),$(also))

# What a full check adds: each line is a program that counts its own tests.
also = --also lint 'tests/lint/run $(BUILD)' \
	--also systemd 'tests/systemd/systemd.py $(BUILD)/src/berth' \
	--also windows '$(MAKE) --no-print-directory windows' \
	--also macos 'tests/macos/cross.py $(BUILD)' \
	--also browser 'tests/web/browser/run $(BUILD)' \
	--also evict-units 'tests/evict/units.py $(BUILD)/src/berth' \
	--also evict-podman 'tests/evict/podman.py $(BUILD)/src/berth' \
	--also fuzz '$(MAKE) --no-print-directory fuzz TIME=10' \
	--also why 'tests/why/property.py $(BUILD)/src/berth --situations 10000' \
	--also oracle 'tests/netns/oracle.py $(BUILD)/src/berth $(BUILD)/tests/mkmix --mixes 1000' \
	--also bench 'BERTH_BUILD=$(BUILD) bench/run --smoke' \
	--also memory 'BERTH_BUILD=$(BUILD) bench/growth --memory' \
	--also podman 'tests/nat/podman.py $(BUILD)/src/berth' \
	--also api 'tests/nat/api.py $(BUILD)/src/berth' \
	--also proxies 'tests/nat/proxies.py $(BUILD)/src/berth' \
	--also uses 'tests/lint/verify-uses-sample'

# berth.exe, and its tests under wine; the files of both stay in $(WINDOWS)/.
windows: $(BUILD)/with-tests $(WINDOWS)/build.ninja
	@$(NINJA) $(BUILD) src/berth
	@$(NINJA) $(WINDOWS)
	@$(U) tests/windows/run --native $(BUILD)/src/berth $(WINDOWS)

dist-windows: $(WINDOWS)/build.ninja
	@$(NINJA) $(WINDOWS)
	@$(U) tools/dist-windows $(WINDOWS)

lint: deps-full $(BUILD)/with-tests
	@$(NINJA) $(BUILD)
	@$(U) tests/lint/run $(BUILD)

fuzz: $(FUZZ)/build.ninja
	@$(NINJA) $(FUZZ) fuzzers
	@$(U) tools/fuzz $(FUZZ) $(TIME)

demo: $(BUILD)/with-tests
	@test -x tools/demo || { echo "make demo: tools/demo is not in this tree" >&2; exit 1; }
	@$(NINJA) $(BUILD)
	@BERTH_BUILD=$(BUILD) tools/demo

bench: $(BUILD)/with-tests
	@test -x bench/run || { echo "make bench: bench/run is not in this tree" >&2; exit 1; }
	@$(NINJA) $(BUILD)
	@BERTH_BUILD=$(BUILD) bench/run

update-golden: $(BUILD)/with-tests
	@$(NINJA) $(BUILD)
	@$(U) tests/golden/run --berth $(BUILD)/src/berth --update

docs: $(BUILD)/with-tests
	@$(NINJA) $(BUILD)
	@$(U) tools/docs $(BUILD) .

po: deps-build
	@$(U) tools/po refresh

verify-uses:
	@tools/verify-uses

# Installs what was built, and builds (as the user behind sudo) only what is not.
install: all
	@tools/install-tree $(BUILD) "$(DESTDIR)" "$(PREFIX)"

uninstall:
	@tools/install-tree --remove $(BUILD) "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf $(BUILD) $(ASAN) $(FUZZ) $(WINDOWS)
