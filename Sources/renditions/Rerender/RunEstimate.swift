import Foundation
import RenditionAWS
import RenditionCore

/// What a run would take.
struct RunEstimate: Encodable {
    /// Photos that are chosen, and those of them that are current: nothing is downloaded or rendered of these.
    var photos = 0
    var current = 0
    /// Files that would be made.
    var renditions = 0
    var bytesRead = 0
    var bytesWritten = 0
    /// Photos whose written bytes their records don't tell; the others' share of their originals is taken for them.
    var guessed = 0
    var megapixels = 0.0
    var cpuSeconds = 0.0
    /// This command's own, by service and operation; nil for an embedded store.
    var requests: [String: RequestMeter.Count]?
    /// What workers make of the photos once they have found them; nil where this process renders.
    var workerRequests: [String: RequestMeter.Count]?
    /// US dollars, or whatever the prices are in.
    var money: [String: Double] = [:]

    /// Whether the run would follow the queue, whose reads depend on how long the fleet takes.
    private let isFollowed: Bool
    private let pace: RenderPace
    private var guessedRead = 0
    private var knownRead = 0
    private var knownWritten = 0

    private enum CodingKeys: String, CodingKey {
        case photos, current, renditions, bytesRead, bytesWritten, megapixels, cpuSeconds, requests, workerRequests,
            money
        case guessed = "photosOfGuessedSize"
    }

    /// What renditions take of an original's bytes where no record tells: a fifth to two fifths is usual.
    private static let usualShare = 0.3
    /// A camera JPEG's bytes a pixel, where a record doesn't tell its size.
    private static let usualBytes = 0.4

    init(pace: RenderPace, isFollowed: Bool) {
        self.pace = pace
        self.isFollowed = isFollowed
    }

    mutating func add(_ record: PhotoRecord, _ expected: [ExpectedRendition], isCurrent: Bool) {
        photos += 1
        if isCurrent {
            current += 1
            return
        }
        renditions += expected.count
        let read = max(0, record.fileSize ?? 0)
        bytesRead += read
        let sizes = expected.compactMap { record.attributes["\($0.name)_size"]?.integer }
        if sizes.count == expected.count {
            knownRead += read
            knownWritten += sizes.reduce(0, +)
        } else {
            guessed += 1
            guessedRead += read
        }
        megapixels += Double(record.size?.pixels ?? Int(Double(read) / Self.usualBytes)) / 1e6
    }

    /// Reckons up.
    mutating func price(_ settings: Settings) {
        let share = knownRead > 0 ? Double(knownWritten) / Double(knownRead) : Self.usualShare
        bytesWritten = knownWritten + Int(Double(guessedRead) * share)
        cpuSeconds = megapixels * pace.perMegapixel
        money["cpu"] = cpuSeconds / 3600 * settings.amount(.priceCPU)
        if let requests {
            var all = requests
            all.add(workerRequests ?? [:])
            var (puts, gets, writes, reads) = (0, 0, 0.0, 0.0)
            for (call, count) in all {
                switch call {
                case "S3 PutObject", "S3 ListObjectsV2": puts += count.requests
                case "S3 GetObject", "S3 HeadObject": gets += count.requests
                case "DynamoDB UpdateItem", "DynamoDB PutItem": writes += count.units
                case _ where call.hasPrefix("DynamoDB "): reads += count.units
                default: break
                }
            }
            money["s3"] =
                Double(puts) / 1000 * settings.amount(.priceS3Put) + Double(gets) / 1000 * settings.amount(.priceS3Get)
            money["dynamodb"] =
                writes / 1e6 * settings.amount(.priceWrite) + reads / 1e6 * settings.amount(.priceRead)
            money["transfer"] = Double(bytesRead + bytesWritten) / 1e9 * settings.amount(.priceTransfer)
        }
        money["total"] = money.values.reduce(0, +)
    }

    /// For a person.
    var text: String {
        var lines = ["photos        \(photos)" + (current > 0 ? ", of which \(current) are current" : "")]
        lines.append("renditions    \(renditions)")
        lines.append("bytes         \(Format.bytes(bytesRead)) read, \(Format.bytes(bytesWritten)) written\(basis)")
        lines.append(String(format: "CPU time      %@, by %@", Self.time(cpuSeconds), pace.source))
        if let requests {
            lines += Self.table("requests", requests)
            if let workerRequests {
                lines += Self.table("the workers'", workerRequests)
                if isFollowed { lines.append("not counted   following the queue: BatchGetItem reads, by time") }
            }
        } else {
            lines.append("requests      none: the store is embedded")
        }
        let parts = ["s3", "dynamodb", "transfer", "cpu"].compactMap { name in
            money[name].map { String(format: "%@ $%.4f", name, $0) }
        }
        lines.append(String(format: "money         $%.4f (%@)", money["total"] ?? 0, parts.joined(separator: ", ")))
        return lines.joined(separator: "\n")
    }

    private var basis: String {
        switch guessed {
        case 0: ""
        case photos - current: " (a guess: no record tells what its renditions take)"
        default: " (\(guessed) photos by the others' average)"
        }
    }

    private static func table(_ title: String, _ counts: [String: RequestMeter.Count]) -> [String] {
        let sum = counts.values.reduce(0) { $0 + $1.requests }
        return ["\(title.padding(toLength: 13, withPad: " ", startingAt: 0)) \(sum)"]
            + counts.sorted { $0.key < $1.key }.map { call, count in
                let units = count.units > 0 ? String(format: "  %.1f units", count.units) : ""
                return "              \(call)  \(count.requests)\(units)"
            }
    }

    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: String(format: "%.1f s", seconds)
        case ..<7200: String(format: "%.1f min", seconds / 60)
        default: String(format: "%.1f h", seconds / 3600)
        }
    }
}
