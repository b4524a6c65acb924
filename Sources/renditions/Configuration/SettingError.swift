import RenditionCore

/// Settings that can't be used: an unknown name, a wrong value, a file that can't be read.
struct SettingError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// A value that the setting can't have.
    ///
    /// - Parameter place: Where the value stands, such as `.env:3`.
    static func wrong(_ setting: Setting, _ value: String, in place: String) -> SettingError {
        let shown = setting.shown(value).printable
        return SettingError("\(setting.name) is \"\(shown)\" in \(place); it must be \(setting.requirement).")
    }

    /// A name that is no setting's.
    static func unknown(_ name: String, in place: String) -> SettingError {
        let hint =
            Setting.nearest(to: name).map { "did you mean \($0.name)?" } ?? "`renditions settings` lists what there is."
        return SettingError("\(name.printable) in \(place) is no setting; \(hint)")
    }
}
