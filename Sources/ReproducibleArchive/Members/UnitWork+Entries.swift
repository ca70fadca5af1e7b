/// How entries are laid out in blocks.
extension UnitWork {
    // MARK: Tar

    func addTarHeader(_ header: TarEntryHeader) throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        header.append(to: &bytes)
        var start = 0
        while start < bytes.count {
            let space = unsafe try room()
            let count = min(space.count, bytes.count - start)
            unsafe bytes.withUnsafeBytes {
                unsafe space.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
            }
            current?.count += count
            start += count
        }
    }

    /// Zeros up to the next header; blocks end where headers may begin, so there is room.
    func pad(_ count: Int) throws {
        guard count > 0 else { return }
        let space = unsafe try room()
        unsafe UnsafeMutableRawBufferPointer(rebasing: space[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
        current?.count += count
    }

    // MARK: Zip

    func addZipDirectory(_ member: ArchiveMember) throws {
        let start = try makeRoom(0, nameLength: member.name.count + 1)
        let name = String(decoding: member.name, as: UTF8.self) + "/"
        current?.entries.append(ZipDraft(name: name, isDirectory: true, range: start..<start))
    }

    /// A small file's data is whole in a block, with those of others; a large one has blocks to itself.
    func beginZipFile(_ size: Int64, of member: ArchiveMember) throws -> Int {
        if size >= MemberUnits.largeSize { return 0 }
        return try makeRoom(Int(size), nameLength: member.name.count)
    }

    func endZipFile(_ member: ArchiveMember, from start: Int) {
        guard let end = current?.count else { return }
        let name = String(decoding: member.name, as: UTF8.self)
        current?.entries.append(ZipDraft(name: name, range: start..<end))
    }

    /// Makes sure that an entry fits the block; returns where its data begins.
    private func makeRoom(_ size: Int, nameLength: Int) throws -> Int {
        let bound = size + size >> 8 + nameLength + 500
        if let block = current,
            block.count + size > BlockEncoder.blockSize
                || block.bound + bound > BlockEncoder.blockSize + BlockEncoder.slack
        {
            try passOn()
        }
        if current == nil { current = RawBlock(buffer: try board.buffer(unit, encoder)) }
        current?.bound += bound
        return current?.count ?? 0
    }
}

extension BlockEncoder {
    /// Compresses a block, for a zip with its entries' headers.
    func encode(_ raw: RawBlock, into output: Buffer) throws -> (Int, SegmentSummary) {
        let bytes = unsafe raw.buffer.block.prefix(raw.count)
        guard !raw.entries.isEmpty else {
            let crc = format == .tarZst ? 0 : unsafe crc32(bytes)
            let count = try unsafe encode(bytes, into: output.block.bytes)
            return (count, SegmentSummary(rawSize: Int64(raw.count), crc: crc))
        }
        var summary = SegmentSummary(rawSize: Int64(raw.count))
        summary.records.reserveCapacity(raw.entries.count)
        var position = 0
        var scratch: [UInt8] = []
        for entry in raw.entries {
            let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[entry.range])
            let start = position
            let isStored = unsafe data.isEmpty
            position += 30 + entry.name.utf8.count
            var size: Int?
            if !isStored {
                let space = unsafe UnsafeMutableRawBufferPointer(rebasing: output.block.bytes[position...])
                let count = try unsafe encode(data, into: space, isLast: true)
                size = count
                position += count
            }
            let crc = unsafe crc32(data)
            var header = ZipHeader(
                name: entry.name, size: UInt64(data.count), crc: crc, offset: 0, isDirectory: entry.isDirectory)
            header.deflatedSize = size.map { UInt64($0) }
            scratch.removeAll(keepingCapacity: true)
            header.appendLocal(to: &scratch)
            unsafe scratch.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(rebasing: output.block.bytes[start...]).copyMemory(from: $0)
            }
            summary.records.append(
                ZipRecord(
                    crc: crc, size: UInt64(data.count), deflatedSize: header.deflatedSize, offset: UInt64(start)))
        }
        return (position, summary)
    }
}
