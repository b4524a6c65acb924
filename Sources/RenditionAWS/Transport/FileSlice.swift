import Foundation
import NIOCore

/// A part of a file as a sequence of buffers, read only as far as the receiver has taken it.
struct FileSlice: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let path: String
    let offset: Int
    let length: Int

    func makeAsyncIterator() -> Iterator { Iterator(slice: self) }

    struct Iterator: AsyncIteratorProtocol {
        private let slice: FileSlice
        private var sent = 0
        private var file: FileHandle?

        init(slice: FileSlice) { self.slice = slice }

        mutating func next() async throws -> ByteBuffer? {
            guard sent < slice.length else { return nil }
            do {
                if file == nil {
                    file = try FileHandle(forReadingFrom: URL(fileURLWithPath: slice.path))
                    try file?.seek(toOffset: UInt64(slice.offset))
                }
                let wanted = Swift.min(1 << 20, slice.length - sent)
                guard let data = try file?.read(upToCount: wanted), !data.isEmpty else {
                    throw TransportError.unreadable("\(slice.path) ends before its length")
                }
                sent += data.count
                return ByteBuffer(bytes: data)
            } catch let error as TransportError {
                throw error
            } catch {
                throw TransportError.unreadable("\(slice.path): \(error)")
            }
        }
    }
}
