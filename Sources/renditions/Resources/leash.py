"""Runs a part of a stack, and ends it when the stack is gone, however that ended: python -I -c THIS LOCK SECONDS PROGRAM ...

The stack holds the other end of standard input. LOCK is held, shared, while the part runs, so that nobody takes its data
away. SECONDS are what it has to end in after it was asked to.
"""
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

lock, seconds, *command = sys.argv[1:]
held = open(lock, "a")
fcntl.flock(held, fcntl.LOCK_SH)
# A signal that comes before there is a part to pass it on to waits: it would end this process, and by that kill the part.
signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGTERM])
part = subprocess.Popen(
    # Should this process be killed, the part goes with it.
    ["setpriv", "--pdeathsig", "KILL", "--"] + command,
    stdin=subprocess.DEVNULL,
    # What is blocked here, or was by whoever started this, would be in the part.
    preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, []),
)
asked = threading.Lock()


def end(*_):
    # A second one would tell a worker to drop what it has in hand.
    if asked.acquire(blocking=False):
        part.send_signal(signal.SIGTERM)


def watch():
    while os.read(0, 1):
        pass
    end()
    time.sleep(float(seconds))
    part.kill()


signal.signal(signal.SIGTERM, end)
threading.Thread(target=watch, daemon=True).start()
signal.pthread_sigmask(signal.SIG_SETMASK, [])
status = part.wait()
if status < 0:
    # It is told as the part's own end.
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
