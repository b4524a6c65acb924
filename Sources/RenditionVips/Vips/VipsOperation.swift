import CVips

/// A call of a libvips operation by its name: options are set one by one, then it runs.
///
/// One wrapper over GObject properties serves every operation; the names and types of the options are libvips' own
/// (`vips help NAME` lists them).
struct Operation: ~Copyable {
    private let name: String
    private var handle: UnsafeMutablePointer<VipsOperation>

    init(_ name: String) throws {
        guard let handle = vips_operation_new(name) else { throw VipsError(name) }
        self.name = name
        self.handle = handle
    }

    deinit { shim_operation_unref(handle) }

    func set(_ option: String, _ value: Int) throws {
        try check(option)
        shim_set_int(handle, option, Int32(value))
    }

    func set(_ option: String, _ value: Bool) throws { try set(option, value ? 1 : 0) }

    func set(_ option: String, _ value: Double) throws {
        try check(option)
        shim_set_double(handle, option, value)
    }

    func set(_ option: String, _ value: String) throws {
        try check(option)
        shim_set_string(handle, option, value)
    }

    func set(_ option: String, _ value: [Double]) throws {
        try check(option)
        shim_set_doubles(handle, option, value, Int32(value.count))
    }

    func set(_ option: String, _ value: borrowing Image) throws {
        try check(option)
        shim_set_image(handle, option, value.handle)
    }

    func set(_ option: String, _ first: borrowing Image, _ second: borrowing Image) throws {
        try check(option)
        shim_set_images(handle, option, first.handle, second.handle)
    }

    /// - Parameter value: Bytes that outlive everything made of them.
    func set(_ option: String, bytes value: UnsafeRawBufferPointer) throws {
        try check(option)
        shim_set_bytes(handle, option, value.baseAddress, value.count)
    }

    /// Runs the operation for its image.
    consuming func image(_ output: String = "out") throws -> Image {
        try build()
        guard let image = shim_get_image(handle, output) else { throw VipsError(name) }
        return Image(owning: image)
    }

    /// Runs the operation for its bytes, which `body` may read while it runs.
    consuming func bytes<Result>(
        _ output: String = "buffer", _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        try build()
        guard let blob = shim_get_blob(handle, output) else { throw VipsError(name) }
        defer { shim_blob_unref(blob) }
        var length = 0
        let data = vips_blob_get(blob, &length)
        return try body(UnsafeRawBufferPointer(start: data, count: length))
    }

    private mutating func build() throws {
        var pointer: UnsafeMutablePointer<VipsOperation>? = handle
        let status = shim_operation_build(&pointer)
        // A build may hand back another operation in place of this one.
        if let pointer { handle = pointer }
        guard status == 0 else { throw VipsError(name) }
    }

    private func check(_ option: String) throws {
        guard shim_has_property(handle, option) != 0 else {
            throw VipsError(name, "there is no option \(option)")
        }
    }
}
