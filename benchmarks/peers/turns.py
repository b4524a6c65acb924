"""Runs programs in turn and takes their processor time: A B C A B C, so that a change of the machine's pace hits all alike."""

import os
import subprocess
import sys


def measured(command, environment):
    """Processor seconds, user and system, of a command and all that it starts, and the peak of its memory in megabytes."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"compare: {' '.join(map(str, command))} failed: {complaint.decode()[-500:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


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
