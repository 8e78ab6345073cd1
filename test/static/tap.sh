# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
# shellcheck shell=bash
#
# What the static checks share: TAP from commands. A check must also be seen to
# refuse something, or nobody knows whether it checks at all.

TEST_SRC=${TEST_SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}
TEST_BUILD=${TEST_BUILD:-$TEST_SRC}
if [ -z "${TEST_TMP:-}" ]; then # started by hand, not by test/run
	TEST_TMP=$(mktemp -d)
	trap 'rm -rf "$TEST_TMP"' EXIT
fi
points=0 failures=0
cd "$TEST_SRC" || exit 1

point() { # status, description
	points=$((points + 1))
	if [ "$1" = 0 ]; then
		echo "ok $points - $2"
	else
		echo "not ok $points - $2"
		failures=$((failures + 1))
	fi
}

accepts() { # description, command...
	local what=$1 status=0
	shift
	"$@" >&2 || status=$?
	point "$status" "$what"
}

refuses() { # description, text that its complaint must have, command...
	local what=$1 text=$2 status=0 said
	shift 2
	if said=$("$@" 2>&1); then
		status=1
	elif [[ $said != *"$text"* ]]; then
		echo "complained otherwise: $said" >&2
		status=1
	fi
	point "$status" "$what"
}

skip_without() { # program, Debian package
	command -v "$1" >/dev/null && return
	echo "1..0 # SKIP no $1 here: install $2"
	exit 77
}

# The text files of the source tree, NUL after each.
source_files() {
	scripts/mkdist --list | tr '\n' '\0' | xargs -0 grep -lIZ ''
}

finish() {
	echo "1..$points"
	[ "$failures" = 0 ]
	exit
}
