// Package hdf5 reads and writes the part of HDF5 that h5py writes for Keras: groups, attributes and arrays of numbers.
//
// Read are files of superblock 0 to 3: groups as symbol tables and as links (with v2 B-trees and fractal heaps), object headers of both
// versions, attributes (numbers, strings of fixed and of variable length, in headers and in heaps), arrays that are
// contiguous, compact or chunked, with gzip, shuffle and Fletcher's checksum, of floats (also 16 bits, bfloat16), integers and booleans. All else
// is refused by name when it is needed: other filters, the chunk indexes of "latest" files, compound types, soft and
// external links, external and virtual data.
//
// # Vocabulary
//
// An object is a group or an array (HDF5: dataset). Its path has the names of the links to it, joined by "/", without one in front. An address is a place in
// the file, in bytes from its base.
//
// # Guarantees
//
// Foreign bytes are never trusted: every place is checked against the size of the file before it is read, every loop ends (nodes are read
// once, depth is bounded), and nothing is allocated beyond the size of the file but what a caller gives for an array's
// values. A chunk is inflated to the size that the array says and no further. No link leaves the file. Errors name the object and the byte.
// Checksums of metadata are not compared.
//
// The writer makes files for the oldest readers (superblock 0, symbol tables): float32 and int64 arrays, contiguous, and string attributes.
// It knows all addresses before it writes, so a file is one stream.
//
// Source: HDF5 File Format Specification 3.0, https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
package hdf5
