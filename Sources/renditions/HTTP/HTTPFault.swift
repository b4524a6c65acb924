import ArgumentParser
import Foundation
import NIOCore
import RenditionCore

/// Says why a server can't listen where it was told to.
enum HTTPFault {
    /// - Parameter address: nil where nothing listens.
    /// - Throws: What `body` throws; the exit code for unfinished work, after a clear line, where the address is at fault.
    static func told(_ address: HTTPAddress?, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as IOError {
            guard let address else { throw error }
            let place = "\(address.host), port \(address.port)"
            switch error.errnoCode {
            case EADDRINUSE:
                Terminal.complain("Port \(address.port) is taken. Stop what listens there, or choose another.")
            case EACCES:
                Terminal.complain("Nobody but root may listen on \(place). Choose a port from 1024 on.")
            case EADDRNOTAVAIL:
                Terminal.complain("\(address.host) is no address of this machine.")
            default: Terminal.complain("Nothing can be served on \(place): \(error)")
            }
            throw Terminal.Status.incomplete
        } catch let error as SocketAddressError {
            guard let address else { throw error }
            Terminal.complain("\(address.host) is no address of this machine: \(error)")
            throw Terminal.Status.incomplete
        }
    }
}
