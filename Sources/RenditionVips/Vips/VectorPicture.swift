import CVips

/// Pictures that this project draws itself, as SVG.
package enum VectorPicture {
    /// Draws an SVG as a PNG file.
    ///
    /// - Parameter scale: Pixels to a unit of the drawing.
    /// - Throws: Where the drawing is none, or there is no support for SVG.
    package static func png(_ svg: String, scale: Double) throws -> [UInt8] {
        // Drawings of our own, in a process that renders photos or exits.
        _ = try CascadeRenderer()
        return try Array(svg.utf8).withUnsafeBytes { bytes in
            let load = try Operation("svgload_buffer")
            try load.set("buffer", bytes: bytes)
            try load.set("scale", scale)
            let save = try Operation("pngsave_buffer")
            try save.set("in", try load.image().rendered())
            return try save.bytes { Array($0) }
        }
    }
}
