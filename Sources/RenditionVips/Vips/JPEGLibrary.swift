import CJPEG

/// What is to be said of the JPEG library.
package enum JPEGLibrary {
    /// libjpeg-turbo's version, such as `2.1.5`, as this program was built with it.
    package static var version: String {
        let number = Int(LIBJPEG_TURBO_VERSION_NUMBER)
        return "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }
}
