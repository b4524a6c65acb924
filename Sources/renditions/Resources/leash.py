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
# What blocked signals here would block them in the part.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
is_ending = False
# Should this process be killed, the part goes with it.
part = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--"] + command, stdin=subprocess.DEVNULL)


def end(*_):
    # A second one would tell a worker to drop what it has in hand.
    global is_ending
    if not is_ending:
        is_ending = True
        part.send_signal(signal.SIGTERM)


def watch():
    while os.read(0, 1):
        pass
    end()
    time.sleep(float(seconds))
    part.kill()


signal.signal(signal.SIGTERM, end)
threading.Thread(target=watch, daemon=True).start()
status = part.wait()
if status < 0:
    # It is told as the part's own end.
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
