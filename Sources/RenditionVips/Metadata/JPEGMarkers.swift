/// Walks through the marker segments before a JPEG file's first scan (ITU-T T.81, annex B.1.1).
enum JPEGMarkers {
    /// A marker segment.
    struct Segment {
        /// The marker's second byte.
        var marker: UInt8
        /// What follows its length. Of a cut file, what is left of it.
        var body: UnsafeRawBufferPointer
        /// Where the body begins in the file.
        var start: Int
    }

    /// More bytes between segments than any writer leaves.
    private static let mostStrays = 1 << 18

    /// Calls a function with each segment in turn.
    static func forEach(in bytes: UnsafeRawBufferPointer, _ body: (Segment) -> Void) {
        var place = 2
        var strays = 0
        while let marker = bytes.big(place, 2) {
            // Some writers leave bytes between segments. The next 0xFF goes on, as every decoder does.
            if marker == 0xFFFF || marker >> 8 != 0xFF {
                place += 1
                strays += 1
                if strays > mostStrays { return }
                continue
            }
            // Behind the start of scan there are only pixels.
            if marker == 0xFFDA || marker == 0xFFD9 { return }
            if marker == 0xFF01 || (0xFFD0...0xFFD8).contains(marker) {
                place += 2
                continue
            }
            guard let length = bytes.big(place + 2, 2), length >= 2 else { return }
            let start = place + 4
            let part = bytes.part(start, min(length - 2, bytes.count - start)) ?? .init(start: nil, count: 0)
            body(Segment(marker: UInt8(marker & 0xFF), body: part, start: start))
            place += 2 + length
        }
    }
}
