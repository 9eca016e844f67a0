# A thin face over Meson. The two commands are `make assess` and `make check`.
#
#   make assess                  assess the bundled example intrusion
#   make assess EVIDENCE=PATH    assess real evidence (ARGS='--rules DIR …' for options)
#   make check                   set up, build, run every test
BUILD ?= build
CASE ?= $(BUILD)/assess.case
REPORT ?= $(BUILD)/assess.html
EXAMPLE := $(BUILD)/example
EVIDENCE ?= $(EXAMPLE)
TARGET ?= evtx_fuzz
TIME ?= 60
PREFIX ?= /usr/local

.PHONY: all setup assess check asan tsan fuzz lint format cov bench dist install clean

all: setup
	@tools/build $(BUILD)

setup:
	@tools/setup build

# Exit code 1 of assess means "something was found": for make that is success.
assess: all
	@test "$(EVIDENCE)" != "$(EXAMPLE)" || $(BUILD)/examples/make-example $(EXAMPLE)
	@rm -f $(CASE) $(CASE)-wal $(CASE)-shm
	@$(BUILD)/kanshiki assess $(EVIDENCE) --case $(CASE) --report $(REPORT) $(ARGS) || test $$? -eq 1

check:
	@tools/setup build check
	@tools/build $(BUILD)
	@tools/check $(BUILD)

asan:
	@tools/setup build check clang
	@CC=clang-14 tools/build build-asan -Db_sanitize=address,undefined -Db_lundef=false
	@tools/check build-asan --timeout-multiplier 5

tsan:
	@tools/setup build check clang
	@CC=clang-14 tools/build build-tsan -Db_sanitize=thread -Db_lundef=false
	@tools/check build-tsan --timeout-multiplier 5 --suite unit

fuzz:
	@tools/setup build clang
	@CC=clang-14 tools/build build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	@mkdir -p build-fuzz/corpus/$(TARGET) tests/corpus/$(TARGET)
	@build-fuzz/src/$(TARGET) -entropic=0 -max_total_time=$(TIME) -rss_limit_mb=2048 \
		-artifact_prefix=build-fuzz/ build-fuzz/corpus/$(TARGET) tests/corpus/$(TARGET)

lint:
	@tools/setup build check
	@tools/build $(BUILD)
	@tools/check $(BUILD) --suite lint

format:
	@tools/setup clang
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'examples/*.[ch]' | xargs clang-format-14 -i

cov:
	@tools/setup build check cov
	@tools/build build-cov -Db_coverage=true
	@tools/check build-cov || true
	@gcovr -r . --object-directory build-cov -f 'src/' -e '.*_(test|fuzz)\.c' --sort-percentage

bench:
	@tools/setup build check bench
	@tools/build build-bench --buildtype=release
	@tests/bench/run build-bench

dist:
	@tools/dist

install: all
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@tools/build $(BUILD)
	@meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

clean:
	@rm -rf build build-*
