#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The sstpd developers
"""What a worker may do: how it is confined, and what becomes of one that makes
a system call which it has no business with. As its code has none, a debugger
puts it there."""

import ctypes
import os
import pathlib
import platform
import re
import signal

import sstp
from lib import SANITIZED, Skipped, main, status_field, test, wait_until

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                        ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

SINGLESTEP, GETREGS, SETREGS, ATTACH, DETACH = 9, 12, 13, 16, 17
WALL = 0x40000000  # __WALL: also of what is not our child
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi "
             "orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs").split()
SYSCALL = b"\x0f\x05"

# numbers on x86-64, and their arguments
CALLS = {
    "openat": (257, -100, 0, 0),
    "clone": (56, signal.SIGCHLD, 0, 0),
    "socket": (41, 2, 1, 0),
    "execve": (59, 0, 0, 0),
}


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in REGISTERS]


def ptrace(request, pid, data=None):
    if libc.ptrace(request, pid, None, data) == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def wait_stopped(pid, signo):
    status = os.waitpid(pid, WALL)[1]
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signo, \
        f"traced process {pid}: status {status:#x}"


def prepare_call(pid, number, *arguments):
    """Let the process, which waits in some call, make this one next. Returns
    the registers that it had."""
    old, new = Registers(), Registers()
    ptrace(GETREGS, pid, ctypes.byref(old))
    ptrace(GETREGS, pid, ctypes.byref(new))
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(old.rip - len(SYSCALL))
        assert memory.read(len(SYSCALL)) == SYSCALL, "it is not in a call"
    new.rip -= len(SYSCALL)
    new.rax = number
    new.orig_rax = 2 ** 64 - 1  # or the old call would be begun again
    new.rdi, new.rsi, new.rdx = (a % 2 ** 64 for a in arguments)
    ptrace(SETREGS, pid, ctypes.byref(new))
    return old


def violate(pid, name, survives=False):
    """Make that worker make this system call; one that survives then goes on
    as if nothing had been."""
    if platform.machine() != "x86_64":
        raise Skipped("knows the registers of x86-64 only")
    wait_until(lambda: status_field(pid, "State")[0] == "S", "a quiet worker")
    try:
        ptrace(ATTACH, pid)
    except PermissionError as why:
        raise Skipped(f"no debugger may be used here: {why}") from None
    wait_stopped(pid, signal.SIGSTOP)
    registers = prepare_call(pid, *CALLS[name])
    if survives:
        ptrace(SINGLESTEP, pid)
        wait_stopped(pid, signal.SIGTRAP)
        ptrace(SETREGS, pid, ctypes.byref(registers))
    ptrace(DETACH, pid)


def filters(d, pid):
    """How many filters a worker has more than we were all started with."""
    own, given = (status_field(p, "Seccomp_filters") for p in (pid, d.pid()))
    if not own:
        raise Skipped("this kernel does not count filters of system calls")
    return int(own[0]) - int(given[0])


def limit(pid, name):
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return re.search(rf"^{name}\s+(\S+)\s+(\S+)", text, re.M).groups()


@test("workers and control are confined in every way there is")
def confined(d):
    d.cc()
    for pid in [*d.worker_pids(), d.control_pid()]:
        assert status_field(pid, "NoNewPrivs") == ["1"]
        for name in ("core file size", "file size", "processes"):
            assert limit(pid, f"Max {name}") == ("0", "0"), name
        if os.geteuid() == 0:
            # nobody's own processes cannot look into it
            assert os.stat(f"/proc/{pid}/status").st_uid == 0
            assert status_field(pid, "Uid") != ["0"] * 4
            assert os.listdir(f"/proc/{pid}/root/") == []
        assert filters(d, pid) == 1
        assert status_field(pid, "Seccomp") == ["2"]


def remaining(clients):
    """Those whose session is still there."""
    alive = []
    for c in clients:
        try:
            c.ping()
            alive.append(c)
        except (sstp.Closed, OSError):
            pass
    return alive


@test("a forbidden system call is logged by name and ends that worker only",
      daemon=None)
def violation(make):
    names = [n for n in CALLS if not (SANITIZED and n == "openat")]
    d = make({"server": {"workers": len(names)}}).start()
    others = d.workers
    for name, pid in zip(names, others):
        clients = [d.cc() for _ in range(16)]
        size, before = d.log_size(), set(d.worker_pids())
        violate(pid, name)
        d.wait_log(rf"worker: pid {pid}: system call {name} "
                   rf"\({CALLS[name][0]}\) is not allowed", size)
        d.wait_log(rf"worker \d+: pid {pid} killed by signal 31", size)
        wait_until(lambda: len(d.worker_pids()) == len(names), "another one")
        now = set(d.worker_pids())
        assert before - now == {pid}, f"{before} became {now}"
        alive = remaining(clients)
        # the kernel shares connections out; sixteen never all go one way
        assert 0 < len(alive), "no session lives on"
        wait_until(lambda: len(d.pppds()) == len(alive),
                   "the end of the pppds of the dead worker")
        d.settle()
    d.cc().ping()
    d.settle()
    d.stop()


@test("seccomp = log and off are what they say", daemon=None)
def modes(make):
    for mode, count in (("log", 1), ("off", 0)):
        d = make({"server": {"workers": 1, "seccomp": mode}}).start()
        pid, = d.workers
        c = d.cc()
        d.wait_log(rf"\[server\] seccomp: {mode}: workers may make any")
        assert filters(d, pid) == count, mode
        violate(pid, "socket", survives=True)
        c.ping()
        assert d.worker_pids() == [pid], "the worker is gone"
        d.settle()
        d.stop()


@test("it takes a restart to change", daemon=None)
def reload(make):
    d = make({"server": {"workers": 1}}).start()
    c = d.cc()
    d.sections["server"]["seccomp"] = "off"
    d.write_config()
    size = d.log_size()
    d.signal(signal.SIGHUP)
    d.wait_log("reload: .*seccomp .*take a restart", size)
    d.wait_log("reload: done", size)
    os.kill(d.workers[0], signal.SIGKILL)
    wait_until(lambda: d.worker_pids() not in ([], d.workers), "a worker")
    d.cc().ping()
    assert filters(d, d.worker_pids()[0]) == 1
    c.close()
    d.settle()
    d.stop()


main()
