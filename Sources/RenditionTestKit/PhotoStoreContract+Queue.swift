import RenditionCore
import Testing

extension PhotoStoreContract {
    static let queueCases = [
        Case("a photo is adopted once") { store, _ async throws in
            #expect(try await store.queue.adopt(photo("a"), lane: .fresh))
            #expect(try await !store.queue.adopt(photo("a"), lane: .fresh))
            #expect(try await store.queue.claim(upTo: 9, owner: "w", lease: lease).count == 1)
        },
        Case("an empty queue gives nothing") { store, _ async throws in
            #expect(try await store.queue.claim(upTo: 9, owner: "w", lease: lease).isEmpty)
            #expect(try await store.queue.job("nobody") == nil)
            #expect(try await store.queue.depth() == QueueDepth())
        },
        Case("a claim counts its attempt and raises the fence") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a", gallery: "wedding"), lane: .fresh)
            let claim = try await claimOne(store, owner: "host:1")
            #expect(claim.photo == photo("a", gallery: "wedding"))
            #expect((claim.attempts, claim.fence) == (1, 1))
            let job = try #require(try await store.queue.job("a"))
            #expect((job.state, job.owner, job.attempts, job.fence) == (.leased, "host:1", 1, 1))
        },
        Case("a claim takes no more than it asked for") { store, _ async throws in
            for id in ["a", "b", "c"] { _ = try await store.queue.adopt(photo(id), lane: .fresh) }
            #expect(try await store.queue.claim(upTo: 2, owner: "w", lease: lease).count == 2)
            #expect(try await store.queue.claim(upTo: 2, owner: "w", lease: lease).count == 1)
        },
        Case("racing claims get each photo once") { store, _ async throws in
            let ids = Set((0..<60).map { "photo-\($0)" })
            for id in ids { _ = try await store.queue.adopt(photo(id), lane: .fresh) }
            let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var mine: [String] = []
                        while true {
                            let leases = try await store.queue.claim(upTo: 3, owner: "w\(worker)", lease: lease)
                            if leases.isEmpty { return mine }
                            mine += leases.map(\.photo.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 60)
            #expect(Set(claimed) == ids)
        },
        Case("finished work is owed no more") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let claim = try await claimOne(store)
            #expect(try await store.queue.finish(claim, recipe: "r1") == .done)
            let job = try #require(try await store.queue.job("a"))
            #expect((job.state, job.doneRecipe, job.attempts, job.dueAt) == (.done, "r1", 0, nil))
            #expect(try await store.queue.depth().owed == 0)
            #expect(try await store.queue.claim(upTo: 1, owner: "w", lease: lease).isEmpty)
        },
        Case("the fence keeps growing from one round to the next") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let first = try await claimOne(store)
            _ = try await store.queue.finish(first, recipe: "r1")
            try await store.queue.enqueue(photo("a"), lane: .batch)
            let second = try await claimOne(store)
            #expect(second.fence > first.fence)
            #expect(second.attempts == 1)
        },
        Case("a photo queued during a lease gets another round") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let claim = try await claimOne(store)
            try await store.queue.enqueue(photo("a"), lane: .fresh)
            #expect(try await store.queue.claim(upTo: 1, owner: "other", lease: lease).isEmpty)
            #expect(try await store.queue.finish(claim, recipe: "r1") == .requeued)
            #expect(try await claimOne(store).attempts == 1)
        },
        Case("a failure waits for its delay and is remembered") { store, clock async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let claim = try await claimOne(store)
            #expect(try await store.queue.fail(claim, error: error, retryAfter: .seconds(8)))
            #expect(try await store.queue.job("a")?.lastError == error)
            clock.advance(by: .seconds(7))
            #expect(try await store.queue.claim(upTo: 1, owner: "w", lease: lease).isEmpty)
            #expect(try await store.queue.depth().delayed == 1)
            clock.advance(by: .seconds(1))
            let again = try await claimOne(store)
            #expect(again.attempts == 2)
            _ = try await store.queue.finish(again, recipe: "r")
            #expect(try await store.queue.job("a")?.lastError == nil)
        },
        Case("a dead letter stays dead until it is redriven") { store, clock async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            #expect(try await !store.queue.redrive("a", after: .zero))
            #expect(try await store.queue.bury(try await claimOne(store), error: error) == .done)
            clock.advance(by: .seconds(86400))
            _ = try await store.queue.reap()
            #expect(try await store.queue.claim(upTo: 1, owner: "w", lease: lease).isEmpty)
            #expect(try await store.queue.depth().dead == 1)
            #expect(try await store.queue.depth().owed == 0)
            #expect(try await store.queue.redrive("a", after: .seconds(5)))
            #expect(try await store.queue.claim(upTo: 1, owner: "w", lease: lease).isEmpty)
            clock.advance(by: .seconds(5))
            #expect(try await claimOne(store).attempts == 1)
        },
        Case("what is told with a photo reaches its worker, until the work is done") { store, clock async throws in
            let note = JobNote(trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", isForced: true)
            _ = try await store.queue.adopt(photo("a"), lane: .fresh, note: note)
            let first = try await claimOne(store)
            #expect(first.note == note)
            _ = try await store.queue.fail(first, error: error, retryAfter: .zero)
            // A later kick has a trace of its own, or none, and doesn't take the force back.
            try await store.queue.enqueue(photo("a"), lane: .batch)
            let second = try await claimOne(store)
            #expect(second.note == JobNote(isForced: true))
            #expect(try await store.queue.finish(second, recipe: "r") == .done)
            try await store.queue.enqueue(photo("a"), lane: .batch)
            let third = try await claimOne(store)
            #expect(third.note == .none)
            // A kick during the lease is another round's.
            try await store.queue.enqueue(photo("a"), lane: .batch, note: note)
            #expect(try await store.queue.finish(third, recipe: "r") == .requeued)
            #expect(try await claimOne(store).note == note)
        },
        Case("a photo is claimed by its id, due or not, by one worker") { store, clock async throws in
            #expect(try await store.queue.claim("nobody", owner: "w", lease: lease) == nil)
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            _ = try await store.queue.adopt(photo("b"), lane: .fresh)
            let claim = try #require(try await store.queue.claim("b", owner: "w", lease: lease))
            #expect((claim.photo.id, claim.attempts, claim.fence) == ("b", 1, 1))
            #expect(try await store.queue.claim("b", owner: "x", lease: lease) == nil)
            #expect(try await store.queue.leased(upTo: 9).map(\.photo.id) == ["b"])
            #expect(try await store.queue.leased(upTo: 9).map(\.owner) == ["w"])
            _ = try await store.queue.fail(claim, error: error, retryAfter: .seconds(500))
            #expect(try await store.queue.leased(upTo: 9).isEmpty)
            #expect(try await store.queue.claim("b", owner: "w", lease: lease)?.attempts == 2)
            #expect(try await claimOne(store).photo.id == "a")
        },
        Case("the depth tells lanes and the oldest work") { store, clock async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let began = clock.now
            clock.advance(by: .seconds(60))
            for id in ["b", "c"] { _ = try await store.queue.adopt(photo(id), lane: .batch) }
            let depth = try await store.queue.depth()
            #expect(depth.waiting == [.fresh: 1, .batch: 2])
            // What is due at once is entered a second early in one of the stores.
            #expect(abs((try #require(depth.oldestDue) - began).seconds) <= 1)
            #expect(try await store.queue.jobs(["a", "c", "nobody"]).mapValues(\.lane) == ["a": .fresh, "c": .batch])
        },
        Case("dead letters are listed, all of them, with their reason and their last worker") {
            store, clock async throws in
            // More than a page.
            for index in 0..<120 { _ = try await store.queue.adopt(photo("d\(index)"), lane: .fresh) }
            for _ in 0..<120 { #expect(try await store.queue.bury(try await claimOne(store), error: error) == .done) }
            _ = try await store.queue.adopt(photo("alive"), lane: .fresh)
            var found: [DeadLetter] = []
            try await store.queue.deadLetters { page in
                #expect(page.count <= 100)
                found += page
                return true
            }
            #expect(Set(found.map(\.photo.id)) == Set((0..<120).map { "d\($0)" }))
            #expect(found.count == 120)
            #expect(found.allSatisfy { $0.error == error && $0.lastOwner == "w" && $0.attempts == 1 })
            #expect(found.allSatisfy { $0.since == clock.now })
            var pages = 0
            try await store.queue.deadLetters { _ in
                pages += 1
                return false
            }
            #expect(pages == 1)
        },
        Case("a dropped dead letter is gone from the queue until it is queued again") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            #expect(try await !store.queue.drop("a"))
            #expect(try await !store.queue.drop("nobody"))
            let claim = try await claimOne(store)
            #expect(try await !store.queue.drop("a"))
            _ = try await store.queue.bury(claim, error: error)
            #expect(try await store.queue.drop("a"))
            #expect(try await store.queue.job("a")?.doneAt == nil)
            #expect(try await !store.queue.drop("a"))
            #expect(try await !store.queue.redrive("a", after: .zero))
            #expect(try await store.queue.depth().dead == 0)
            var letters = 0
            try await store.queue.deadLetters { page in
                letters += page.count
                return true
            }
            #expect(letters == 0)
            #expect(try await store.queue.history("a").last?.kind == .dropped)
            try await store.queue.enqueue(photo("a"), lane: .fresh)
            let again = try await claimOne(store)
            #expect(again.fence > claim.fence)
            #expect(again.attempts == 1)
        },
        Case("a photo queued again during its last attempt isn't buried") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let claim = try await claimOne(store)
            try await store.queue.enqueue(photo("a"), lane: .fresh)
            #expect(try await store.queue.bury(claim, error: error) == .requeued)
            #expect(try await claimOne(store).attempts == 1)
        },
        Case("released work counts no attempt and goes first") { store, clock async throws in
            _ = try await store.queue.adopt(photo("z"), lane: .fresh)
            let claim = try await claimOne(store)
            for index in 0..<20 { _ = try await store.queue.adopt(photo("f\(index)"), lane: .fresh) }
            clock.advance(by: .seconds(1))
            #expect(try await store.queue.release(claim, reason: "the test says so", fence: 0))
            #expect(try await store.queue.job("z")?.attempts == 0)
            // One poll in eight ignores the order, so it is among the first few and not always the first.
            var polls = 0
            var last = ""
            while last != "z" {
                last = try await claimOne(store).photo.id
                polls += 1
            }
            #expect(polls <= 6)
        },
        Case("a release can raise the fence and never lowers it") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            #expect(try await store.queue.release(try await claimOne(store), reason: "above 7", fence: 7))
            let second = try await claimOne(store)
            #expect(second.fence == 8)
            #expect(try await store.queue.release(second, reason: "above 3", fence: 3))
            #expect(try await claimOne(store).fence == 9)
        },
        Case("what a worker may have died of is handed out alone") { store, clock async throws in
            for id in ["a", "b", "c", "d"] { _ = try await store.queue.adopt(photo(id), lane: .fresh) }
            #expect(try await store.queue.claim(upTo: 3, owner: "dies", lease: lease).count == 3)
            clock.advance(by: lease)
            #expect(try await store.queue.reap() == 3)
            for round in 1...3 {
                let leases = try await store.queue.claim(upTo: 8, owner: "w", lease: lease)
                #expect(leases.count == 1, "round \(round)")
                if leases.first?.attempts == 1 { break }
            }
        },
        Case("fresh uploads go before a batch") { store, _ async throws in
            for index in 0..<40 { _ = try await store.queue.adopt(photo("batch-\(index)"), lane: .batch) }
            for index in 0..<10 { _ = try await store.queue.adopt(photo("fresh-\(index)"), lane: .fresh) }
            var order: [String] = []
            for _ in 0..<20 { order.append(try await claimOne(store).photo.id) }
            #expect(order.count { $0.hasPrefix("fresh") } == 10)
        },
        Case("a large gallery doesn't starve a small one") { store, _ async throws in
            for index in 0..<200 { _ = try await store.queue.adopt(photo("l\(index)", gallery: "large"), lane: .fresh) }
            for index in 0..<5 { _ = try await store.queue.adopt(photo("s\(index)", gallery: "small"), lane: .fresh) }
            var small: Set<String> = []
            for _ in 0..<100 {
                let claim = try await claimOne(store)
                if claim.photo.galleryID == "small" { small.insert(claim.photo.id) }
            }
            #expect(small.count == 5)
        },
        Case("a photo's history is told in order") { store, clock async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            _ = try await store.queue.fail(try await claimOne(store), error: error, retryAfter: .zero)
            clock.advance(by: .seconds(1))
            _ = try await store.queue.finish(try await claimOne(store), recipe: "r")
            let history = try await store.queue.history("a")
            #expect(history.map(\.kind) == [.queued, .claimed, .retry, .claimed, .done])
            #expect(history[2].detail?.contains("For the test.") == true)
            #expect(history.map(\.at) == history.map(\.at).sorted())
        },
    ]

    static let leaseCases = [
        Case("a lease that runs out is taken back") { store, clock async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            _ = try await claimOne(store)
            clock.advance(by: .seconds(29))
            #expect(try await store.queue.reap() == 0)
            clock.advance(by: .seconds(1))
            #expect(try await store.queue.reap() == 1)
            #expect(try await claimOne(store).attempts == 2)
        },
        Case("a renewed lease holds") { store, clock async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let claim = try await claimOne(store)
            clock.advance(by: .seconds(20))
            #expect(try await store.queue.renew(claim, for: lease))
            clock.advance(by: .seconds(20))
            #expect(try await store.queue.reap() == 0)
            #expect(try await store.queue.finish(claim, recipe: "r") == .done)
        },
        Case("a lost lease can change nothing") { store, clock async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let lost = try await claimOne(store, owner: "slow")
            clock.advance(by: lease)
            _ = try await store.queue.reap()
            let mine = try await claimOne(store, owner: "quick")
            let before = try await store.queue.job("a")
            #expect(try await !store.queue.renew(lost, for: lease))
            #expect(try await store.queue.finish(lost, recipe: "stale") == .lost)
            #expect(try await !store.queue.fail(lost, error: error, retryAfter: .zero))
            #expect(try await store.queue.bury(lost, error: error) == .lost)
            #expect(try await !store.queue.release(lost, reason: "late", fence: 0))
            #expect(try await store.queue.job("a") == before)
            #expect(try await store.queue.finish(mine, recipe: "r") == .done)
        },
        Case("a lease ends once") { store, _ async throws in
            _ = try await store.queue.adopt(photo("a"), lane: .fresh)
            let claim = try await claimOne(store)
            #expect(try await store.queue.finish(claim, recipe: "r") == .done)
            #expect(try await store.queue.finish(claim, recipe: "r2") == .lost)
            #expect(try await !store.queue.fail(claim, error: error, retryAfter: .zero))
            #expect(try await store.queue.job("a")?.doneRecipe == "r")
        },
    ]
}
