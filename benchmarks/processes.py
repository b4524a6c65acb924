"""The memory of a process and all that it started, read while it runs."""

import os
import threading
import time


def descendants(root):
    """The process and its children, theirs too."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def proportional(process):
    """Megabytes of resident memory, what several share divided among them; without the right to know that, what is its own."""
    for path, name in ((f"/proc/{process}/smaps_rollup", "Pss"), (f"/proc/{process}/status", "RssAnon")):
        try:
            with open(path) as file:
                for line in file:
                    if line.startswith(name + ":"):
                        return int(line.split()[1]) / 1024
        except OSError:
            continue
    return 0


class Watch(threading.Thread):
    """Reads the memory of a process and its descendants, together, until it ends.

    `peak` is the highest sum in megabytes; `heard` is told each one.
    """

    def __init__(self, process, pause, heard=lambda megabytes: None):
        super().__init__(daemon=True)
        self.process = process
        self.pause = pause
        self.heard = heard
        self.peak = 0

    def run(self):
        while os.path.exists(f"/proc/{self.process}/smaps_rollup"):
            sum_of_all = sum(proportional(process) for process in descendants(self.process))
            if sum_of_all == 0:
                return
            self.peak = max(self.peak, sum_of_all)
            self.heard(sum_of_all)
            time.sleep(self.pause)
