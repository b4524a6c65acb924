import RenditionCore

/// What a table must be like for the worker to work with it: its keys, and the indexes that are asked.
struct TableShape: Sendable {
    enum Owner: Sendable {
        /// The backend makes it, and the worker only reads and completes its records.
        case platform
        case worker
    }

    var name: String
    /// The setting that names it.
    var setting: String
    var owner: Owner
    var keys: [DynamoDB.KeyPart]
    /// Every attribute that is a part of a key, of the table or of an index.
    var attributes: [DynamoDB.AttributeType]
    /// Those that the backend makes with its tables, or the worker with its own.
    var indexes: [DynamoDB.Index]
    /// Those that the worker adds to a table of the backend's.
    var additions: [DynamoDB.Index] = []

    static func photos(_ tables: TableNames) -> TableShape {
        TableShape(
            name: tables.photos, setting: "DYNAMODB_TABLE_PHOTOS", owner: .platform, keys: [.init("id", .hash)],
            attributes: texts("id", "gallery_id", "user_id", "status", "created_at"),
            indexes: [whole("GalleryIdIndex", "gallery_id"), whole("UserIdIndex", "user_id")],
            additions: [
                DynamoDB.Index(
                    StatusIndex.name, [.init("status", .hash), .init("created_at", .range)], .including("gallery_id"))
            ])
    }

    static func galleries(_ tables: TableNames) -> TableShape {
        TableShape(
            name: tables.galleries, setting: "DYNAMODB_TABLE_GALLERIES", owner: .platform,
            keys: [.init("user_id", .hash), .init("id", .range)], attributes: texts("user_id", "id"),
            indexes: [whole("GalleryIdIndex", "id")])
    }

    static func users(_ tables: TableNames) -> TableShape {
        TableShape(
            name: tables.users, setting: "DYNAMODB_TABLE_USERS", owner: .platform, keys: [.init("email", .hash)],
            attributes: texts("email", "id"), indexes: [whole("UserIdIndex", "id")])
    }

    static func jobs(_ tables: TableNames) -> TableShape {
        TableShape(
            name: tables.jobs, setting: "DYNAMODB_TABLE_RENDITION_JOBS", owner: .worker,
            keys: [.init(JobAttribute.id, .hash)],
            attributes: [
                .init(JobAttribute.id, "S"), .init(JobAttribute.q, "N"), .init(JobAttribute.dueAt, "N"),
            ],
            indexes: [
                DynamoDB.Index(
                    JobAttribute.dueIndex, [.init(JobAttribute.q, .hash), .init(JobAttribute.dueAt, .range)],
                    // What a claim needs to know before it is made.
                    .including(JobAttribute.gallery, JobAttribute.attempts))
            ])
    }

    static func all(_ tables: TableNames) -> [TableShape] {
        [photos(tables), galleries(tables), users(tables), jobs(tables)]
    }

    /// The attributes that the keys of a table and of some of its indexes consist of: DynamoDB takes no others.
    func attributes(of indexes: [DynamoDB.Index], withTable: Bool = true) -> [DynamoDB.AttributeType] {
        let parts = (withTable ? keys : []) + indexes.flatMap(\.keySchema)
        return attributes.filter { attribute in parts.contains { $0.attributeName == attribute.attributeName } }
    }

    private static func texts(_ names: String...) -> [DynamoDB.AttributeType] { names.map { .init($0, "S") } }

    private static func whole(_ name: String, _ key: String) -> DynamoDB.Index {
        DynamoDB.Index(name, [.init(key, .hash)], .all)
    }
}

extension [DynamoDB.KeyPart] {
    /// The keys in words, such as `user_id and id`.
    var words: String { map(\.attributeName).joined(separator: " and ") }
}
