# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""Which of the numbered cases of conformance a run of tests has shown.

test/data/conformance.txt names them all. A test says which it is about with its
name: "case 42, 43: ..." in an integration test, test_case_42_43_... in a unit
test. A case has passed when tests of each level it needs ran and none failed."""

import collections
import dataclasses
import re

FIRST, LAST = 1, 100
# without one of these levels there is nothing to tell
LEVELS = frozenset({"unit", "integration"})

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

IN_A_TITLE = re.compile(r"case (\d+(?:, \d+)*):")
IN_AN_IDENTIFIER = re.compile(r"test_case((?:_\d+)+)(?:_|$)")


@dataclasses.dataclass
class Case:
    number: int
    levels: frozenset  # empty: no test of ours can show it
    text: str  # what it is, or what it needs that we have not


def read_cases(file):
    """The cases by number; ValueError if one is missing or there twice."""
    cases = {}
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            number, levels, text = line.split(None, 2)
            names = frozenset() if levels == "-" else frozenset(levels.split("+"))
            case = Case(int(number), names, text.strip())
            if case.number in cases or not names <= LEVELS:
                raise ValueError(f"{file}: {line.strip()}")
            cases[case.number] = case
    missing = set(range(FIRST, LAST + 1)) ^ set(cases)
    if missing:
        raise ValueError(f"{file}: {ranges(missing)} missing or too many")
    return cases


def claimed(name):
    """The numbers of the cases that a test of this name is about."""
    found = IN_A_TITLE.match(name) or IN_AN_IDENTIFIER.match(name)
    return [int(n) for n in re.findall(r"\d+", found[1])] if found else []


def ranges(numbers):
    """1, 2, 3, 5 as "1-3, 5"."""
    runs = []
    for n in sorted(numbers):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in runs)


class Conformance:
    """Collects points of tests, then tells."""

    def __init__(self, cases):
        self.cases = cases
        self.seen = collections.defaultdict(set)  # (number, level): outcomes
        self.strangers = []
        self.skips = {}

    def add(self, level, outcome, name, why=""):
        """A test of this level and name ended like this."""
        for number in claimed(name):
            case = self.cases.get(number)
            if case is None or level not in case.levels:
                self.strangers.append(f"{level} test \"{name}\": case {number} "
                                      "is not listed as shown at that level")
                continue
            self.seen[number, level].add(outcome)
            if outcome == SKIPPED:
                self.skips[number] = why

    def outcome(self, case):
        """One of the three, or None if a level has no test of it."""
        levels = [self.seen[case.number, level] for level in case.levels]
        if any(FAILED in outcomes for outcomes in levels):
            return FAILED
        if any(outcomes == {SKIPPED} for outcomes in levels):
            return SKIPPED
        return PASSED if levels and all(levels) else None

    def by_outcome(self):
        groups = collections.defaultdict(list)
        for number, case in sorted(self.cases.items()):
            groups[self.outcome(case) if case.levels else "-"].append(number)
        return groups

    def lines(self):
        """The report, a line for each kind of case."""
        groups = self.by_outcome()
        passed = groups[PASSED]
        yield (f"{len(passed)} of {len(self.cases)} cases ran and passed: "
               f"{ranges(passed) or 'none'}")
        if groups[FAILED]:
            yield f"failed: {ranges(groups[FAILED])}"
        for number in groups[SKIPPED]:
            yield f"not run: {number} ({self.skips[number]})"
        for number in groups["-"]:
            yield f"not run: {number} ({self.cases[number].text})"

    def faults(self):
        """What is wrong with the tests or with the list, not with the server."""
        for number in self.by_outcome()[None]:
            case = self.cases[number]
            levels = [n for n in sorted(case.levels) if not self.seen[number, n]]
            yield (f"case {number} was not run at the level "
                   f"{' and '.join(levels)}: {case.text}")
        yield from self.strangers
