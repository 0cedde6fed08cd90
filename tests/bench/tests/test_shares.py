"""A stack's time is its leaf's, or that of who called the leaf."""

from __future__ import annotations

import pytest

from bench.shares import row_of, short

LAYERS = {"hpod::Core::Flush": "core", "hpod::{anonymous}::Tpe::Propose": "samplers"}
LOOP = ["clone3", "hpod::Core::Flush"]


@pytest.mark.parametrize("frames, row", [
    (LOOP, "hpod: core"),
    ([*LOOP, "__memmove_avx"], "hpod: core"),
    ([*LOOP, "hpod::(anonymous namespace)::Tpe::Propose<int>"], "hpod: samplers"),
    ([*LOOP, "sqlite3_step", "malloc"], "allocation"),
    ([*LOOP, "sqlite3_step", "[libc.so.6]"], "SQLite"),
    ([*LOOP, "sqlite3_step", "__x64_sys_fdatasync_[k]", "schedule_[k]"], "kernel: fdatasync"),
    ([*LOOP, "tcp_send", "__sys_sendmsg_[k]", "tcp_push_[k]"], "kernel: network"),
    ([*LOOP, "asm_exc_page_fault_[k]"], "kernel: interrupts, page faults, other"),
    ([*LOOP, "gpr_now", "__vdso_clock_gettime_[k]"], "gRPC and HTTP/2"),
    (["clone3", "unknown"], "other"),
])
def test_time_counts_for_its_owner(frames, row):
    assert row_of(frames, LAYERS) == row


def test_short_names_lose_arguments_of_templates_and_functions():
    assert short("hpod::Core::Run<hpod::A<int> >(hpod::A<int> const&)") == "hpod::Core::Run"
    assert short("hpod::(anonymous namespace)::F[abi:cxx11](int)") == "hpod::{anonymous}::F"
