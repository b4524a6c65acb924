import CLcms
import RenditionCore

/// The conversion that renditions are measured against: littlecms in floating point, without any of its shortcuts.
///
/// It shares neither the code nor the decisions with ``ColourStep``, so that a mistake there can't hide itself here. One
/// object serves one thread.
final class ReferenceConversion {
    /// How the numbers of a pixel are to be read.
    enum Encoding: Equatable {
        /// By a profile, of one, three or four bands; ink counts from 0, white, to 1.
        case profile([UInt8], bands: Int)
        /// sRGB's own curve, or grey of that curve.
        case encoded
        /// Light, 0–1, with sRGB's primaries, or grey.
        case linear
        /// CIE L*a*b* under D50.
        case lab
    }

    private let encoding: Encoding
    private let context: cmsContext
    /// From the original's numbers to the output's.
    private let conversion: cmsHTRANSFORM?
    /// From the output's numbers to L*a*b*.
    private let measure: cmsHTRANSFORM

    /// - Returns: nil where littlecms can't use the profile.
    init?(from encoding: Encoding, to gamut: OutputGamut) {
        guard let context = cmsCreateContext(nil, nil) else { return nil }
        self.context = context
        self.encoding = encoding
        guard let output = Self.open(gamut.profile, context), let lab = cmsCreateLab4ProfileTHR(context, nil) else {
            cmsDeleteContext(context)
            return nil
        }
        defer {
            cmsCloseProfile(output)
            cmsCloseProfile(lab)
        }
        let measure = Self.transform(context, output, shim_lcms_rgb, lab, shim_lcms_lab)
        var conversion: cmsHTRANSFORM?
        switch encoding {
        case .encoded, .linear:
            // What has no profile is sRGB, and stays so.
            break
        case .lab:
            conversion = Self.transform(context, lab, shim_lcms_lab, output, shim_lcms_rgb)
        case .profile(let bytes, let bands):
            if [1, 3, 4].contains(bands), let profile = Self.open(bytes, context) {
                let type = bands == 1 ? shim_lcms_grey : bands == 3 ? shim_lcms_rgb : shim_lcms_cmyk
                let expected = bands == 1 ? cmsSigGrayData : bands == 3 ? cmsSigRgbData : cmsSigCmykData
                if cmsGetColorSpace(profile) == expected {
                    conversion = Self.transform(context, profile, type, output, shim_lcms_rgb)
                }
                cmsCloseProfile(profile)
            }
        }
        self.conversion = conversion
        let needsNone = encoding == .encoded || encoding == .linear
        guard let measure, needsNone || conversion != nil else {
            if let measure { cmsDeleteTransform(measure) }
            if let conversion { cmsDeleteTransform(conversion) }
            cmsDeleteContext(context)
            return nil
        }
        self.measure = measure
    }

    deinit {
        if let conversion { cmsDeleteTransform(conversion) }
        cmsDeleteTransform(measure)
        cmsDeleteContext(context)
    }

    private static func open(_ profile: [UInt8], _ context: cmsContext) -> cmsHPROFILE? {
        cmsOpenProfileFromMemTHR(context, profile, UInt32(clamping: profile.count))
    }

    private static func transform(
        _ context: cmsContext, _ source: cmsHPROFILE, _ sourceType: UInt32, _ target: cmsHPROFILE, _ targetType: UInt32
    ) -> cmsHTRANSFORM? {
        cmsCreateTransformTHR(
            context, source, sourceType, target, targetType, UInt32(INTENT_RELATIVE_COLORIMETRIC),
            UInt32(cmsFLAGS_NOOPTIMIZE) | UInt32(cmsFLAGS_NOCACHE) | UInt32(cmsFLAGS_BLACKPOINTCOMPENSATION))
    }

    /// - Parameter pixels: The original's numbers, bands interleaved: 0–1 of the format's range, or L*a*b* as it is.
    /// - Returns: Three numbers a pixel in the output's space, 0–1: what is beyond is cut off, as any output must.
    func converted(_ pixels: [Float], bands: Int) -> [Float] {
        let count = pixels.count / max(1, bands)
        var result = [Float](repeating: 0, count: count * 3)
        switch encoding {
        case .encoded, .linear:
            for index in result.indices {
                let value = pixels[index / 3 * bands + (bands >= 3 ? index % 3 : 0)]
                result[index] = encoding == .linear ? Float(SRGBCurve.encode(Double(value))) : value
            }
        case .lab:
            cmsDoTransform(conversion, pixels, &result, UInt32(count))
        case .profile(_, let bands):
            // Ink is counted in percent.
            let input = bands == 4 ? pixels.map { $0 * 100 } : pixels
            cmsDoTransform(conversion, input, &result, UInt32(count))
        }
        // A comparison with what is no number is false: black, then.
        return result.map { $0 > 0 ? min(1, $0) : 0 }
    }

    /// What colours of the output's space look like.
    func lab(_ colours: [Float]) -> [LabColour] {
        let count = colours.count / 3
        var result = [Float](repeating: 0, count: count * 3)
        cmsDoTransform(measure, colours, &result, UInt32(count))
        return (0..<count).map {
            LabColour(l: Double(result[3 * $0]), a: Double(result[3 * $0 + 1]), b: Double(result[3 * $0 + 2]))
        }
    }
}
