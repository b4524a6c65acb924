import Foundation

/// Exposure in stops, as older cameras write it instead of plain numbers (Exif 2.32, annex C).
enum Apex {
    /// The f-number of an aperture value.
    static func aperture(_ value: Double) -> Double? {
        guard value > -20, value < 20 else { return nil }
        return exp2(value / 2)
    }

    /// The seconds of a shutter speed value.
    static func exposureTime(_ value: Double) -> Double? {
        guard value > -40, value < 40 else { return nil }
        return exp2(-value)
    }
}
