// Package fileio is the folder store (file:DIR): tables as Arrow IPC files in a folder, with nothing running beside it.
//
// It implements table.Store and needs a Unix file system with flock and an atomic rename: any local one.
//
// # Layout
//
//	DIR/
//	  iris/                          a table: [schema.]table, see Names
//	    gen-<id>/                    one generation of it: written once, never changed
//	      table.json                 the manifest: columns, parts, where each record batch is
//	      <key>-<id>.arrow           a part file: rows that one worker wrote
//	  .beamfit/
//	    catalog.json                 which tables there are, and which generation of each counts
//	    lock                         the store's lock
//	    locks/<table>                the lock that Mutate and Commit take on a table
//	    claims/<table>               the lock of a claim, and its note
//	    runs/<id>.json               a run: what it began with, locked while its process lives
//	    runs/<id>.state.json         how far it is
//	    runs/<id>.cancel             asks it to stop
//	    outputs/<id>.json            an output being written; locked while its process lives
//	    trash/<id>/                  what is being removed
//
// Words: a generation is one version of a table's rows; the catalogue names the one that counts. A record is the small file
// <key>.part.json that makes a part known while its output is written; Commit gathers the records into the manifest.
//
// # Atomic, also when killed
//
// An output writes into generation folders that no catalogue names, so they are invisible. Commit makes them durable (every
// file and folder is synced), then replaces catalog.json: it writes catalog.json.new, syncs it and renames it. That rename
// is the moment at which all tables of the output appear, and the only one: before it nothing has changed, after it
// nothing is left to do. A process that is killed at any point therefore leaves the old state or the new one, and perhaps
// folders that do not count. Mutate is an output of one table, made from the table's own rows.
//
// What does not count is removed by the next process that opens the store or writes, or that closes the last snapshot of it, unless
//   - its output's description is locked: the process that writes it lives; or
//   - its manifest is locked: a snapshot or a reader, in any process, reads it. So a snapshot stays whole, and its
//     partitions readable, when the table is replaced or dropped.
//
// All locks are flocks, which the system gives back when a process ends, however it ends. The store's lock is held shared to
// look a table up and exclusively to change the catalogue, for moments, never while rows move. A folder mounted
// read-only is read without a lock if it has none.
//
// # Who may do what
//
// The mode of .beamfit is the store's: whatever is made in the store has it, files without the bits that only folders need,
// whatever the umask. A new store is its user's alone (0700), or a group's (MakeShared: 2770, so that what a member makes belongs to
// the group too). A store made otherwise keeps what it has.
//
// What a run began with may be run again by its user, so nobody else may write to runs/<id>.json, in a shared store neither, and a file
// to which others may is never taken for the user's own.
//
// DIR may be reached through symbolic links. Below it none is followed, at no moment: all names are opened one by one in the
// open folder that they lie in (package nofollow). A link in the place of a file or folder of the store is an error that
// names it. What is removed is removed itself, never what it points to.
//
// # Names
//
// A folder's name is the table's, bytes other than a-z, 0-9, _ and - written as % and two hexadecimal digits (Iris is
// %49ris), so that tables whose names differ in case or hold slashes do not meet on any file system. Longer names than 180
// bytes end in a hash. The catalogue has the exact names. Removing a table's folder by hand removes the table.
//
// # Part files
//
// A part file is an Arrow IPC file (feather v2) that other programs read. Its segments:
//
//	byte 0        ARROW1, 2 zero bytes, schema message    head
//	offset_1      record batch 1: prefix, metadata        metadata
//	              buffers of its column 1                 column
//	              buffers of its column 2                 column
//	              ...
//	offset_2      record batch 2: prefix, metadata        metadata
//	              ...
//	              footer, its length, ARROW1              foot
//
// Every segment has its CRC-32C in the manifest, the metadata and the columns their lengths too. So every byte is under one
// checksum, the bytes that pad a buffer under that of its column, and a reader goes straight to the columns and batches that
// it needs and notices damage before it uses a byte. What is not asked for is not read. The prefix and the metadata of a batch
// say where in a column its buffers are: package ipcmeta.
//
// Batches end at the row that brings them to 4 MiB, and have at most 65536 rows: the wanted columns of one are what a reader
// holds in memory. A row larger than that is a batch of its own; one column of a batch holds less than 2 GiB. Values of type
// bytea are handed out in the memory that they were read into.
//
// Columns map to Arrow types as package arrowvec says: numbers, booleans, bytea and text as themselves; numeric and all
// other types, such as date, json and uuid, as utf8 with the text that PostgreSQL prints; arrays as lists of elements. The
// field metadata sql.type has the SQL type, and the manifest the SQL type and the kind. NULL rows and NULL elements are
// validity bitmaps.
//
// Arrays in SQL have a shape per row, lists have a length. Where all arrays of a column in a file are one-dimensional, that
// says it all. Else the file has a further column, named after the array column with .dims at the end and the metadata
// dims.of, of type list<int32>: the shape, NULL where the array is one-dimensional, empty or NULL. A part begins a new file
// when the first such array comes.
//
// # Worked example
//
// The table iris with the columns id integer and attributes numeric[] and the rows (1, {5.1,3.5}) and (2, NULL):
//
//	table.json    {"format":2, "table":"iris",
//	               "columns":[{"name":"id","type":"integer","kind":"int32"},
//	                          {"name":"attributes","type":"numeric[]","kind":"numeric[]"}],
//	               "rows":2,
//	               "parts":[{"key":"p","files":[{"name":"p-ij5a….arrow","size":1090,
//	                         "head_crc32c":2474442539,"foot_crc32c":855734743,
//	                         "batches":[{"rows":2,"offset":368,"metadata":{"bytes":256,"crc32c":2078439408},
//	                                     "columns":[{"bytes":8,"crc32c":2054417452},{"bytes":48,"crc32c":2293147013}]}]}]}]}
//
//	part file     0x000  head
//	              0x170  metadata      FFFFFFFF, length 0xF8, the flatbuffer; buffers begin at multiples of 8
//	              0x270  id            01 00 00 00  02 00 00 00
//	              0x278  attributes    bitmap 01: row 1 is not NULL, row 2 is
//	              0x280                offsets of the rows in the elements 0, 2, 2
//	              0x290                offsets of the elements in the text 0, 3, 6
//	              0x2A0                text "5.13.5"
//	              0x2A8  foot
//
// With the row (3, {{1,2},{3,4}}) in the same batch the file has the column attributes.dims too: NULL, NULL, [2,2].
//
// # Failure
//
// A file that is damaged, cut, foreign or missing is table.ErrCorrupt and named, whatever its bytes are: never a panic, and
// never more memory than a few times the wanted columns of its largest record batch. A link, pipe or device in the place of a
// file is an error that names it. A full disk is table.ErrFull, missing
// rights table.ErrPermission, a folder that does not answer table.ErrUnavailable. The catalogue has a checksum of itself and one of
// every manifest, a manifest those of its files. If catalog.json is lost while tables are there,
// nothing is read, written or removed.
//
// Import and export of the files that people have are in the packages io/exchange, io/csvio, io/parquetio and io/jsonlio.
package fileio
