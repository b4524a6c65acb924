import Foundation

/// Where runs keep their journals, and what tells one store's from another's.
enum RunPlace {
    /// The folder that was named, or the one that freedesktop.org's base directory specification has for such.
    static func folder(_ named: String?, _ environment: [String: String]) -> String {
        if let named, !named.isEmpty { return named }
        let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return "\(state ?? "\(NSHomeDirectory())/.local/state")/galerly-renditions/runs"
    }

    /// Names a store the same in every process that uses it, whoever it is.
    static func store(_ settings: Settings) -> String {
        switch settings.store {
        case .local(let directory): "local:\(URL(fileURLWithPath: directory).resolvingSymlinksInPath().path)"
        case .aws: "aws \(settings.awsEndpoint ?? settings.region ?? "") \(settings.text(.jobsTable))"
        }
    }
}
