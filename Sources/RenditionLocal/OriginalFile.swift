import Foundation
import RenditionCore

/// A file that somebody named, or that was found in a folder somebody named.
package struct OriginalFile: Sendable, Hashable {
    package var path: String
    /// Bytes.
    package var bytes: Int

    package init(path: String, bytes: Int) {
        self.path = path
        self.bytes = bytes
    }

    /// The last part of the path.
    package var name: String { PathName.last(path) }

    /// What a search through paths came to.
    package struct Search: Sendable {
        /// In order of their paths.
        package var files: [OriginalFile] = []
        /// Files in folders that aren't photos by their extension.
        package var skipped = 0
        /// A line for each path that can't be read.
        package var problems: [String] = []
    }

    /// Looks for photos: a file that is named counts whatever it is called, a folder is walked and its photos are taken
    /// by their extension. Hidden files, and links to folders, are left out.
    package static func search(_ paths: [String]) -> Search {
        var search = Search()
        for path in paths { visit(path, named: true, &search) }
        search.files.sort { $0.path < $1.path }
        return search
    }

    private static func visit(_ path: String, named: Bool, _ search: inout Search) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            search.problems.append("\(path): \(String(cString: strerror(errno)))")
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: walk(path, &search)
        case S_IFREG:
            let file = OriginalFile(path: path, bytes: Int(status.st_size))
            let suffix = PathName.split(file.name).suffix.dropFirst().lowercased()
            guard named || Importer.photoExtensions.contains(suffix) else {
                search.skipped += 1
                return
            }
            if access(path, R_OK) == 0 {
                search.files.append(file)
            } else {
                search.problems.append("\(path): \(String(cString: strerror(errno)))")
            }
        default:
            if named { search.problems.append("\(path): neither a file nor a folder") } else { search.skipped += 1 }
        }
    }

    private static func walk(_ folder: String, _ search: inout Search) {
        guard let handle = opendir(folder) else {
            search.problems.append("\(folder): \(String(cString: strerror(errno)))")
            return
        }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let (name, isText) = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                let bytes = UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self)
                return (String(cString: bytes), String(validatingCString: bytes) != nil)
            }
            guard !name.hasPrefix(".") else { continue }
            guard isText else {
                search.problems.append("\(folder)/\(name): the name is not UTF-8; rename the file")
                continue
            }
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            var status = stat()
            let isLink = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
            if isLink, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { continue }
            visit(path, named: false, &search)
        }
    }
}
