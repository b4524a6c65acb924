"""Runs programs in turn and takes their processor time: A B C A B C, so that a change of the machine's pace hits all alike."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import processes  # noqa: E402


def measured(command, environment, watched=False):
    """Processor seconds, user and system, of a command and all that it starts, and the peak of its memory in megabytes.

    `watched` reads the memory of all its processes together, every hundredth of a second, which takes time itself; otherwise
    it is that of the largest one."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    watch = processes.Watch(process.pid, 0.01)
    if watched:
        watch.start()
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"compare: {' '.join(map(str, command))} failed: {complaint.decode()[-500:]}")
    return usage.ru_utime + usage.ru_stime, watch.peak if watched else usage.ru_maxrss / 1024


def in_turn(peers, rounds, prepare, check):
    """Seconds of every round, and the highest peak, by peer. `prepare` comes before each run, `check` after it."""
    seconds = {peer.name: [] for peer in peers}
    memory = {peer.name: 0 for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            prepare(peer)
            taken, peak = measured(peer.command, peer.environment)
            check(peer)
            seconds[peer.name].append(taken)
            memory[peer.name] = max(memory[peer.name], peak)
    return seconds, memory
