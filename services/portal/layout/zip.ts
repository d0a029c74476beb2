import { crc32 } from "node:zlib";

/** A file for a ZIP archive. */
export interface ZipEntry {
  /** With `/` between folders, UTF-8. */
  name: string;
  bytes: Uint8Array;
}

const utf8Flag = 0x0800;
const version = 20;

/**
 * A ZIP archive piece by piece, its files stored as they are: documents are compressed mostly, and nothing has to be held at once but the
 * present file. PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16; without ZIP64, so of less than 4 GiB and 65,535 files.
 */
export async function* zip(entries: AsyncIterable<ZipEntry>, date: Date): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = [];
  let offset = 0;
  for await (const { name, bytes } of entries) {
    const encoded = Buffer.from(name);
    const shared = sharedHeader(encoded, bytes, date);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 0x03, 0x04]), shared, encoded]);
    directory.push(directoryEntry(shared, encoded, offset));
    yield local;
    yield bytes;
    offset += local.length + bytes.length;
  }
  const entriesBytes = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(entriesBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  yield entriesBytes;
  yield end;
}

/** What a local header and the directory have in common: version to length of the extra field. */
function sharedHeader(name: Buffer, bytes: Uint8Array, date: Date): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(version, 0);
  header.writeUInt16LE(utf8Flag, 2);
  header.writeUInt16LE(0, 4);
  header.writeUInt16LE((date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1), 6);
  header.writeUInt16LE(((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate(), 8);
  header.writeUInt32LE(crc32(bytes), 10);
  header.writeUInt32LE(bytes.length, 14);
  header.writeUInt32LE(bytes.length, 18);
  header.writeUInt16LE(name.length, 22);
  header.writeUInt16LE(0, 24);
  return header;
}

function directoryEntry(shared: Buffer, name: Buffer, offset: number): Buffer {
  const start = Buffer.from([0x50, 0x4b, 0x01, 0x02, version, 0]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([start, shared, rest, name]);
}
