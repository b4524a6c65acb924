import RenditionCore
import Yams

/// Reads a file of settings: YAML, of which JSON is a part.
///
/// The keys are the settings' names and the values single ones, as text, numbers or booleans.
enum SettingsFile {
    /// Where the file is looked for in the working directory when none is named.
    static let names = ["renditions.yaml", "renditions.yml", "renditions.json"]

    /// - Parameter file: The file's name, for errors.
    /// - Throws: ``SettingError`` for what can't be read, for a key that is no setting, and for a list or a map.
    static func parse(_ text: String, file: String) throws -> [Assignment] {
        guard let root = try root(text, file: file), root.null == nil else { return [] }
        guard let mapping = root.mapping else {
            throw SettingError("\(file) must hold settings as NAME: value, each on a line of its own.")
        }
        return try mapping.map { key, value in
            let line = key.mark?.line ?? 1
            let place = "\(file):\(line)"
            guard let name = key.scalar?.string, let setting = Setting.named(name) else {
                throw SettingError.unknown(key.scalar?.string ?? "A list or a map", in: place)
            }
            guard setting.name != Setting.config.name else {
                throw SettingError("\(name) in \(place) comes too late: it names this very file.")
            }
            guard let scalar = value.scalar else {
                throw SettingError("\(name) in \(place) must be a single value and no list or map.")
            }
            return Assignment(name: name, value: value.null == nil ? scalar.string : "", line: line)
        }
    }

    /// Yams' own descriptions of errors quote the file, which may hold secrets.
    private static func root(_ text: String, file: String) throws -> Node? {
        do {
            return try compose(yaml: text)
        } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _)
        {
            throw SettingError("\(file):\(mark.line) can't be read: \(problem).")
        } catch YamlError.duplicatedKeysInMapping(let names, _) {
            throw SettingError("\(file) says \(names.joined(separator: ", ").printable) more than once.")
        } catch {
            throw SettingError("\(file) can't be read: it is neither YAML nor JSON.")
        }
    }
}
