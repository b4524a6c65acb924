import CVips

/// Which of libvips' loaders may run in this process. All others are refused, whoever asks for them and however: those that
/// go by a file's name, that guess, or that decode what no photographer uploads.
enum VipsLoaders: CaseIterable {
    /// Those that libvips' makers trust with a stranger's file.
    case trusted
    /// Those for SVG and BMP besides, which they don't. They are for a process that may die.
    case all

    /// The classes, by libvips' names.
    var names: Set<String> {
        let trusted: Set = [
            "VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer", "VipsForeignLoadWebpBuffer",
            "VipsForeignLoadNsgifBuffer", "VipsForeignLoadTiffBuffer",
        ]
        switch self {
        case .trusted: return trusted
        // ImageMagick's loader bears the name of its version.
        case .all:
            return trusted.union([
                "VipsForeignLoadSvgBuffer", "VipsForeignLoadMagickBuffer", "VipsForeignLoadMagick7Buffer",
            ])
        }
    }

    /// Lets these run and no others. libvips must have started. Not while another thread opens a file.
    func allow() {
        vips_block_untrusted_set(1)
        vips_operation_block_set("VipsForeignLoad", 1)
        for name in names { vips_operation_block_set(name, 0) }
    }
}
