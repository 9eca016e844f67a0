# A thin face over Meson. The two commands: make assess, make check.
BUILD ?= build
CASE ?= $(BUILD)/example.case
REPORT ?= $(BUILD)/example.html

.PHONY: all setup assess check asan tsan fuzz lint cov bench dist install clean

all: setup $(BUILD)/build.ninja
	@ninja -C $(BUILD)

setup:
	@tools/setup build

$(BUILD)/build.ninja:
	@meson setup $(BUILD) >/dev/null || { meson setup $(BUILD); exit 1; }

check:
	@tools/setup build check
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) >/dev/null
	@ninja -C $(BUILD)
	@tools/check $(BUILD)

clean:
	@rm -rf $(BUILD) build-*
