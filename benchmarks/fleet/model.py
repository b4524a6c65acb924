#!/usr/bin/env python3
"""A model of many workers on one queue in DynamoDB: lanes, leases, an index that lags, lost claims and idle polls.

    benchmarks/fleet/model.py                       a table for 1 to 1,000 workers and up to a million photos
    benchmarks/fleet/measure > runs.jsonl; benchmarks/fleet/model.py --check runs.jsonl
                                                    the model beside the emulator, which must agree

It follows DueSearch and DynamoQueue: a page of 512 rows, lanes beyond, claims from what a look left for five seconds, one
in eight in another order, idle waits of a twentieth of the silence. It is seeded: two runs print the same.
"""
import argparse
import heapq
import json
import random
import statistics
import sys
from collections import deque

PAGE, LANE_PAGE, ROW, SHARDS, TURNS, LEFT_FOR, LARGE_FOR = 512, 25, 110, 16, 4, 5.0, 20.0
HAND = 5  # photos of 24 megapixels that the default memory admits


class Rows:
    """The index as its readers see it: what was claimed leaves it after the lag."""

    def __init__(self, count, galleries, lag, rng):
        self.count, self.lag = count, lag
        self.gallery = [i % galleries for i in range(count)]
        self.lanes = [[] for _ in range(SHARDS)]
        for i in range(count):
            self.lanes[(self.gallery[i] * 7 + 5 * rng.randrange(4)) % SHARDS].append(i)
        self.skip = [list(range(len(lane) + 1)) for lane in self.lanes]
        self.place = {}
        for number, lane in enumerate(self.lanes):
            for position, row in enumerate(lane):
                self.place[row] = (number, position)
        self.claimed = bytearray(count)
        self.leaving = deque()
        self.visible = count

    def settle(self, now):
        while self.leaving and self.leaving[0][0] <= now:
            number, position = self.place[self.leaving.popleft()[1]]
            self.skip[number][position] = position + 1
            self.visible -= 1

    def next(self, number, position):
        skip = self.skip[number]
        root = position
        while skip[root] != root:
            root = skip[root]
        while skip[position] != root:
            skip[position], position = root, skip[position]
        return root

    def page(self, number, start, limit):
        lane, found, position = self.lanes[number], [], self.next(number, start)
        while position < len(lane) and len(found) < limit:
            found.append(lane[position])
            position = self.next(number, position + 1)
        return found, position < len(lane)

    def claim(self, row, now):
        if self.claimed[row]:
            return False
        self.claimed[row] = 1
        self.leaving.append((now + self.lag, row))
        return True


class Worker:
    def __init__(self, rng):
        self.hand, self.left, self.left_until, self.losses = 0, [], 0.0, 0
        self.large_until, self.turn, self.hot = 0.0, rng.randrange(SHARDS), set()
        self.got, self.again = 0, 0  # claimed so far, and looks so far, of the claim that goes on
        self.claiming, self.render_free, self.last_work, self.waits = False, 0.0, 0.0, 0


class Fleet:
    def __init__(self, workers, backlog, render, latency=0.005, lag=0.0, galleries=10, seed=1, most=None):
        self.rng = random.Random(seed)
        self.rows = Rows(backlog, galleries, lag, self.rng)
        self.workers = [Worker(self.rng) for _ in range(workers)]
        self.render, self.latency, self.backlog = render, latency, backlog
        self.most = most or backlog
        self.claims = self.lost = self.done = 0
        self.scans = self.queries = 0
        self.read_units = 0.0
        self.events, self.number = [], 0

    def at(self, when, action, *arguments):
        self.number += 1
        heapq.heappush(self.events, (when, self.number, action, arguments))

    def run(self):
        for worker in self.workers:
            # Processes don't start in the same instant.
            self.at(self.rng.uniform(0, 0.05), self.begin_claim, worker)
        now = 0.0
        while self.events and self.done < min(self.backlog, self.most):
            now, _, action, arguments = heapq.heappop(self.events)
            self.rows.settle(now)
            action(now, *arguments)
        self.seconds = now
        return self

    def housekeeping(self):
        """Requests of whoever keeps house: looks for new photos, and the leased lanes where a page doesn't hold all."""
        large = max(0.0, 1 - PAGE / self.backlog) * self.seconds
        return 1 + self.seconds / 2 + 8 * (large / 15 + (large > 0))

    # A claim: rows, then conditional writes that arrive a while later.

    def begin_claim(self, now, worker, wait=None):
        if wait is not None and wait != worker.waits:
            return
        room = HAND - worker.hand
        if worker.claiming or room == 0:
            return
        worker.claiming = True
        worker.waits += 1
        if worker.left_until > now and len(worker.left) >= room:
            rows, until, losses = worker.left, worker.left_until, worker.losses
            worker.left = []
            if self.rng.randrange(8) == 0:
                if worker.large_until > now:
                    self.queries += 1
                    self.read_units += 0.5
                else:
                    rows.insert(0, rows.pop(self.rng.randrange(len(rows))))
            self.send(now, worker, rows, until, losses, room, True)
        else:
            self.look(now, worker, room)

    def send(self, now, worker, rows, until, losses, room, is_left):
        batch, rest = rows[:room], rows[room:]
        self.at(now + self.latency, self.arrive, worker, batch, rest, until, losses, room, is_left)

    def look(self, now, worker, room):
        rows, large = self.read(now, worker, room)
        until = now + LEFT_FOR
        losses = 3 if large else 1
        self.at(now + self.latency, self.seen, worker, self.arrange(rows), until, losses, room)

    def seen(self, now, worker, rows, until, losses, room):
        self.send(now, worker, rows, until, losses, room, False)

    def arrive(self, now, worker, batch, rest, until, losses, room, is_left):
        mine = [row for row in batch if self.rows.claim(row, now)]
        self.claims += len(mine)
        self.lost += len(batch) - len(mine)
        losses -= len(batch) - len(mine)
        for row in mine:
            worker.hand += 1
            # Fetched, then rendered when its turn comes, then published.
            ready = now + 4 * self.latency
            worker.render_free = max(worker.render_free, ready) + self.render
            self.at(worker.render_free + 5 * self.latency, self.finish, worker)
        got = len(mine)
        if got < room and rest and losses > 0:
            self.send(now + self.latency, worker, rest, until, losses, room - got, is_left)
            worker.got += got
            return
        got += worker.got
        worker.got = 0
        worker.left, worker.left_until, worker.losses = (rest if losses > 0 else []), until, losses
        if got == 0 and (is_left or losses <= 0) and worker.again < 2:
            worker.again += 1
            self.look(now + self.latency, worker, room)
            return
        worker.again = 0
        worker.claiming = False
        if got:
            worker.last_work = now
            self.at(now + self.latency, self.begin_claim, worker)
        else:
            wait = min(3.0, max(0.25, (now - worker.last_work) / 20)) * self.rng.uniform(0.9, 1.1)
            self.at(now + self.latency + wait, self.begin_claim, worker, worker.waits)

    def finish(self, now, worker):
        worker.hand -= 1
        self.done += 1
        self.begin_claim(now, worker)

    # What a look shows.

    def read(self, now, worker, limit):
        if worker.large_until <= now:
            self.scans += 1
            self.read_units += self.units(min(PAGE, self.rows.visible))
            if self.rows.visible <= PAGE:
                found = []
                for number in range(SHARDS):
                    found += self.rows.page(number, 0, PAGE)[0]
                return found, False
            worker.large_until = now + LARGE_FOR
        lanes = [(worker.turn + i) % SHARDS for i in range(TURNS)]
        worker.turn = (worker.turn + TURNS) % SHARDS
        more = [lane for lane in worker.hot if lane not in lanes]
        lanes += [self.rng.choice(sorted(more))] if more else []
        self.queries += 2  # expedite lanes
        self.read_units += 1.0
        found, has_more = self.query(worker, lanes)
        if len(found) < limit:
            rest, more = self.query(worker, [lane for lane in range(SHARDS) if lane not in lanes])
            found, has_more = found + rest, has_more or more
        if not has_more and found:
            worker.large_until = 0.0
        return found, True

    def query(self, worker, lanes):
        found, has_more = [], False
        for lane in lanes:
            start = 0
            if lane in worker.hot and self.rng.randrange(4):
                start = self.rng.randrange(len(self.rows.lanes[lane]))
            rows, more = self.rows.page(lane, start, LANE_PAGE)
            self.queries += 1
            self.read_units += self.units(len(rows))
            has_more = has_more or more or start > 0
            if start == 0:
                worker.hot.add(lane) if more else worker.hot.discard(lane)
            found += rows
        return found, has_more

    @staticmethod
    def units(rows):
        return 0.5 * max(1, -(-rows * ROW // 4096))

    def arrange(self, rows):
        galleries = {}
        for row in sorted(set(rows)):
            galleries.setdefault(self.rows.gallery[row], []).append(row)
        queues = list(galleries.values())
        self.rng.shuffle(queues)
        for queue in queues:
            for start in range(0, len(queue), 25):
                block = queue[start:start + 25]
                self.rng.shuffle(block)
                queue[start:start + 25] = block
        longest = max(map(len, queues), default=0)
        return [queue[i] for i in range(longest) for queue in queues if i < len(queue)]


def insert_to_claim(ceiling, gap, latency=0.005, lag=0.05, photos=4000, seed=1, rung=False):
    """How long one photo waits for one idle worker, when gaps between photos are exponential of that mean."""
    rng = random.Random(seed)
    waits = []
    for _ in range(photos):
        silence, wanted = 0.0, rng.expovariate(1 / gap)
        if rung:
            # It looks at once; where the index lags, again a quarter of a second later.
            waits.append(2 * latency if lag <= latency else 0.25 + 2 * latency)
            continue
        look = 0.0
        while look < wanted + lag:
            look += min(ceiling, max(0.25, look / 20)) * rng.uniform(0.9, 1.1) + latency
        waits.append(look - wanted + 3 * latency)
    waits.sort()
    return waits[len(waits) // 2], waits[int(len(waits) * 0.95)]


def table():
    print("| workers | photos queued | photos/s | of the ideal | lost claims a claim | looks' requests a photo | "
          "RCU a photo | WCU a photo |")
    print("|---|---|---|---|---|---|---|---|")
    for workers, backlog in [(1, 200), (1, 10_000), (1, 1_000_000), (10, 200), (10, 10_000), (10, 1_000_000),
                             (100, 10_000), (100, 1_000_000), (1000, 100_000), (1000, 1_000_000)]:
        render = 0.5
        fleet = Fleet(workers, backlog, render, latency=0.006, lag=0.1, galleries=max(10, backlog // 800),
                      most=max(400, workers * 24)).run()
        rate = fleet.done / fleet.seconds
        claims = max(1, fleet.claims)
        print(f"| {workers:,} | {backlog:,} | {rate:,.1f} | {rate * render / workers:.0%} | {fleet.lost / claims:.2f} | "
              f"{(fleet.scans + fleet.queries) / claims:.2f} | {fleet.read_units / claims + CONSTANT_READS:.1f} | "
              f"{CONSTANT_WRITES + fleet.lost / claims:.1f} |")
    print()
    print("| mean gap between photos | insert to claim, poll feed, p50 | p95 | the same by a hook elsewhere, p50 | p95 |")
    print("|---|---|---|---|---|")
    for gap in (2, 10, 30, 120, 600, 3600):
        poll, hook = insert_to_claim(3.5, gap), insert_to_claim(3.0, gap)
        print(f"| {gap} s | {poll[0]:.2f} s | {poll[1]:.2f} s | {hook[0]:.2f} s | {hook[1]:.2f} s |")


# Of a photo's own way: the record, the photographer, the adoption; the claim, a renewal, the record's change, the end.
CONSTANT_READS, CONSTANT_WRITES = 2.0, 18.0


def check(path):
    """The model beside measured runs, which must agree."""
    bad = 0
    print("| workers | photos | photos/s measured | modelled | off | claims refused a photo measured | modelled | "
          "looks' requests a photo measured | modelled |")
    print("|---|---|---|---|---|---|---|---|---|")
    for line in open(path):
        run = json.loads(line)
        photos = run["backlog"]
        count = lambda call: run["counts"].get("DynamoDB " + call, {}).get("requests", 0) / photos
        # Four writes a photo are its own; the photographer is looked up with a query.
        lost, looks = max(0.0, count("UpdateItem") - 4), count("Scan") + max(0.0, count("Query") - 1)
        fleets = [Fleet(run["workers"], photos, run["render"] / 1000 + 0.002, latency=0.004, seed=seed).run()
                  for seed in range(1, 8)]
        rate = statistics.mean(fleet.done / fleet.seconds for fleet in fleets)
        lost_too = statistics.mean(fleet.lost / photos for fleet in fleets)
        looks_too = statistics.mean((fleet.scans + fleet.queries + fleet.housekeeping()) / photos for fleet in fleets)
        measured = photos / run["seconds"]
        off = rate / measured - 1
        agrees = abs(off) <= RATE_BOUND and abs(lost_too - lost) <= bound(lost) and abs(looks_too - looks) <= bound(looks)
        bad += not agrees
        print(f"| {run['workers']} | {photos} | {measured:.2f} | {rate:.2f} | {off:+.0%} | {lost:.2f} | {lost_too:.2f} | "
              f"{looks:.2f} | {looks_too:.2f} |" + ("" if agrees else " disagrees"))
    print(f"\nBounds: photos/s {RATE_BOUND:.0%}; the others 0.3 a photo or half of what was measured. {bad} disagree.")
    return 1 if bad else 0


RATE_BOUND = 0.2


def bound(value):
    return max(0.3, value / 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A fleet on one queue, modelled.")
    parser.add_argument("--check", metavar="RUNS", help="compare with the lines that benchmarks/fleet/measure printed")
    options = parser.parse_args()
    sys.exit(check(options.check) if options.check else table())
