import CurlHTTP
import Testing

@testable import WebHDFS

@Suite("Remote exceptions")
struct RemoteExceptionTests {
    static func body(_ exception: String, _ message: String) -> [UInt8] {
        let escaped = message.replacing("\"", with: "\\\"").replacing("\n", with: "\\n").replacing("\t", with: "\\t")
        return Array(
            #"{"RemoteException":{"exception":"\#(exception)","javaClassName":"x.\#(exception)","message":"\#(escaped)"}}"#
                .utf8)
    }

    /// Answers of a NameNode and a DataNode 2.7.4, unless the source says otherwise; stack traces shortened.
    static let answers: [(exception: String, message: String, code: WebHDFSError.Code)] = [
        ("FileNotFoundException", "File does not exist: /x", .notFound),
        (
            "FileNotFoundException",
            "Path is not a file: /d\n\tat org.apache.hadoop.hdfs.server.namenode.INodeFile.valueOf(INodeFile.java:75)",
            .isDirectory
        ),
        ("FileAlreadyExistsException", "/a for client 127.0.0.1 already exists\n\tat org.apache", .alreadyExists),
        ("FileAlreadyExistsException", "/d already exists as a directory\n\tat org", .alreadyExists),
        (
            "AccessControlException",
            "Permission denied: user=ana, access=WRITE, inode=\"/d\":root:supergroup:drwxr-xr-x\n\tat org",
            .accessDenied
        ),
        ("RemoteException", "Invalid path name /b:c.txt\n\tat org.apache.hadoop", .invalidPath),
        (
            "RemoteException",
            "Current inode is not a directory: a.txt(INodeFile@42011227), parentDir=d/\n\tat org.apache",
            .parentNotDirectory
        ),
        (
            "RemoteException",
            "Cannot create file/x. Name node is in safe mode.\nIt was turned on manually. Use\n\tat org",
            .safeMode
        ),
        (
            "IOException",
            "Specified block size is less than configured minimum value (dfs.namenode.fs-limits.min-block-size): "
                + "1024 < 1048576\n\tat org", .illegalArgument
        ),
        (
            "IOException", "file /b on client 127.0.0.1.\nRequested replication 1000 exceeds maximum 512\n\tat org",
            .illegalArgument
        ),
        (
            "IllegalArgumentException",
            "Invalid value for webhdfs parameter \"op\": No enum constant "
                + "org.apache.hadoop.hdfs.web.resources.GetOpParam.Op.LISTSTATUS_BATCH", .unsupportedOperation
        ),
        (
            "IllegalArgumentException",
            "Invalid value for webhdfs parameter \"user.name\": Invalid value: \"1\" does not belong to the domain",
            .illegalArgument
        ),
        ("PathIsNotEmptyDirectoryException", "/d is non empty: Directory is not empty", .directoryNotEmpty),
        ("FileAlreadyExistsException", "Parent path is not a directory: /a.txt g", .parentNotDirectory),
        ("IOException", "Source /a.txt and destination /d must both be directories", .alreadyExists),
        (
            "NSQuotaExceededException",
            "The NameSpace quota (directories and files) of directory /q1 is exceeded: quota=1 file count=2\n\tat org",
            .namespaceQuota
        ),
        ("IOException", "Failed to find datanode, suggest to check cluster health.", .noSpace),
        ("IOException", "Offset=7 out of the range [0, 6); OPEN, path=/a", .other),
        // The rest is from the sources of Hadoop 2.7 to 3.4.
        ("SafeModeException", "Cannot delete /x. Name node is in safe mode.", .safeMode),
        ("StandbyException", "Operation category READ is not supported in state standby", .standby),
        ("IOException", "org.apache.hadoop.ipc.StandbyException", .standby),
        ("RemoteException", "Operation category WRITE is not supported in state standby. Visit", .standby),
        ("RetriableException", "Namenode is in startup mode", .retriable),
        ("NSQuotaExceededException", "The NameSpace quota (directories and files) of directory /q", .namespaceQuota),
        ("RemoteException", "The NameSpace quota (directories and files) of directory /q is exceeded", .namespaceQuota),
        ("DSQuotaExceededException", "The DiskSpace quota of /q is exceeded", .spaceQuota),
        ("RemoteException", "The DiskSpace quota of /q is exceeded: quota = 1 B", .spaceQuota),
        ("QuotaByStorageTypeExceededException", "Quota by storage type : DISK on path : /q is exceeded", .spaceQuota),
        ("ParentNotDirectoryException", "Parent path is not a directory: /a", .parentNotDirectory),
        ("InvalidPathException", "Invalid path name Invalid file name: /a:b", .invalidPath),
        ("InvalidToken", "Token has expired", .invalidToken),
        ("UnsupportedOperationException", "setTimes is not supported", .unsupportedOperation),
        (
            "RemoteException",
            "org.apache.hadoop.hdfs.server.namenode.SafeModeException: Cannot create. Something new",
            .safeMode
        ),
        (
            "IOException",
            "File /f could only be replicated to 0 nodes instead of minReplication (=1).  There are 0 datanode(s)",
            .noSpace
        ),
        ("IOException", "File /f could only be written to 0 of the 1 minReplication nodes", .noSpace),
        (
            "AlreadyBeingCreatedException",
            "Failed to CREATE_FILE /f for X because current leaseholder is trying to recreate file.", .beingWritten
        ),
        ("IOException", "Something else", .other),
        ("SomethingException", "", .other),
    ]

    @Test(arguments: answers)
    func classifies(answer: (exception: String, message: String, code: WebHDFSError.Code)) throws {
        let parsed = try #require(RemoteException(body: Self.body(answer.exception, answer.message)))
        #expect(parsed.code == answer.code)
        #expect(!parsed.message.contains("\tat "))
        #expect(!parsed.message.contains("\n"))
    }

    @Test func messageLosesTheStackTraceOnly() throws {
        let parsed = try #require(
            RemoteException(
                body: Self.body("IOException", "file /b.\nRequested replication\n\tat org.x.Y(Y.java:1)\n\tat z.Z()")))
        #expect(parsed == RemoteException(exception: "IOException", message: "file /b. Requested replication"))
    }

    @Test func wrappedExceptionIsUnwrapped() throws {
        let parsed = try #require(
            RemoteException(
                body: Self.body(
                    "RemoteException", "org.apache.hadoop.security.AccessControlException: Permission denied: user=a")))
        #expect(parsed.exception == "AccessControlException")
        #expect(parsed.message == "Permission denied: user=a")
    }

    @Test func secretsAndControlCharactersLeaveTheMessage() throws {
        let parsed = try #require(
            RemoteException(body: Self.body("IOException", "bad \\u001b[31mhttp://h/p?delegation=SECRET&x=1")))
        #expect(parsed.message == "bad  [31mhttp://h/p?delegation=REDACTED&x=1")
    }

    @Test func longMessagesAreCut() throws {
        let parsed = try #require(
            RemoteException(body: Self.body("IOException", String(repeating: "x", count: 10_000))))
        #expect(parsed.message.count == RemoteException.maximumMessageLength + 1)
    }

    @Test(arguments: [
        "", "<html><title>401</title></html>", "{}", "[]", "null", #"{"RemoteException":"x"}"#,
        #"{"RemoteException":{"message":"m"}}"#, #"{"RemoteException":{"exception":"A""#,
    ])
    func otherBodiesAreNone(body: String) {
        #expect(RemoteException(body: Array(body.utf8)) == nil)
    }

    /// The status says nothing where there is a RemoteException, and the rest where there is none.
    @Test(arguments: [
        (401, WebHDFSError.Leg.namenode, WebHDFSError.Code.authenticationRequired, WebHDFSError.Disposition.final),
        (403, .namenode, .badResponse, .final), (404, .namenode, .badResponse, .final),
        (500, .namenode, .badResponse, .final), (502, .namenode, .unavailable, .failOver),
        (503, .namenode, .unavailable, .failOver), (504, .namenode, .unavailable, .failOver),
        (429, .namenode, .unavailable, .failOver), (503, .datanode, .unavailable, .retry),
        (500, .datanode, .badResponse, .retry), (401, .datanode, .authenticationRequired, .final),
    ])
    func htmlErrorPages(
        status: Int, leg: WebHDFSError.Leg, code: WebHDFSError.Code, disposition: WebHDFSError.Disposition
    ) {
        let page = "<html><head><title>Error \(status) of a\n proxy</title></head></html>"
        let error = WebHDFSError.answer(
            HTTPResponse(status: status, body: Array(page.utf8)), operation: "CREATE", path: "/p", endpoint: "h:1",
            leg: leg)
        #expect(error.code == code)
        #expect(error.disposition == disposition)
        #expect(error.description.contains("Error \(status) of a proxy"))
    }

    @Test func dataNodesErrorsOfUnknownKindAreRetriedElsewhere() {
        let response = HTTPResponse(status: 403, body: Self.body("IOException", "Something else"))
        let namenode = WebHDFSError.answer(response, operation: "CREATE", path: "/p", endpoint: "h", leg: .namenode)
        let datanode = WebHDFSError.answer(response, operation: "CREATE", path: "/p", endpoint: "h", leg: .datanode)
        #expect(namenode.disposition == .final)
        #expect(datanode.disposition == .retry)
        #expect(datanode.isDataNodeToBlame)
    }
}
