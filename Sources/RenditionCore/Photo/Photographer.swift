/// A user of the platform as its backend wrote the record, as far as it bears on renditions.
///
/// Values that are out of range or of another type than they should be count as the nearest that is right: a photo must
/// not fail for a slider's rounding.
package struct Photographer: Sendable, Hashable {
    /// Everything in the record, known to the worker or not.
    package var attributes: [String: RecordValue]

    package init(attributes: [String: RecordValue]) { self.attributes = attributes }

    /// What the photographer wants on the renditions, before the logo's file was looked at.
    package struct Mark: Sendable, Hashable {
        /// The logo's key in the photos bucket.
        package var logoKey: String?
        /// The mark but for its logo.
        package var watermark: Watermark
    }

    /// nil where the photographer wants none, or chose neither a logo nor a text.
    package var mark: Mark? {
        guard isOn("watermark_enabled") else { return nil }
        let (logoKey, text) = (text("watermark_s3_key"), text("watermark_text"))
        guard logoKey != nil || text != nil else { return nil }
        return Mark(
            logoKey: logoKey,
            watermark: Watermark(
                text: text,
                position: self.text("watermark_position").flatMap(Watermark.Position.init) ?? .bottomRight,
                opacity: number(attributes["watermark_opacity"]) ?? 0.7,
                sizePercent: number(attributes["watermark_size_percent"]) ?? 15))
    }

    package var adjustments: ColorAdjustments {
        let values = attributes["color_adjustments"]?.map ?? [:]
        func factor(_ name: String) -> Double { min(4, max(0, number(values[name]) ?? 1)) }
        return ColorAdjustments(
            brightness: factor("brightness"), contrast: factor("contrast"), saturation: factor("saturation"))
    }

    private func text(_ name: String) -> String? {
        guard let text = attributes[name]?.string?.trimmed, !text.isEmpty else { return nil }
        return text
    }

    /// Forms of other clients write "true" and 1; taking either for "off" would publish photos without their mark.
    private func isOn(_ name: String) -> Bool {
        switch attributes[name] {
        case .bool(let value): value
        case .number(let text): Double(text) != 0
        case .string(let text): ["true", "1", "yes", "on"].contains(text.trimmed.lowercased())
        default: false
        }
    }

    private func number(_ value: RecordValue?) -> Double? {
        let text: String? =
            switch value {
            case .number(let text), .string(let text): text
            default: nil
            }
        return text.flatMap { Double($0.trimmed) }.flatMap { $0.isFinite ? $0 : nil }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
