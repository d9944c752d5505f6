// Package lookup says which index of a category a text has, as Keras' layers StringLookup and Hashing do, and which indices the tokens of a text have,
// as TextVectorization does.
//
// Rows hold numbers, so text becomes an index before a model sees it: when rows are packed, and when rows are predicted. What the layer makes of
// indices (output_mode) is the model's. A Lookup is the part of such a layer that turns text into indices; package keras reads it from a model's JSON,
// and its own JSON is kept with packed tables. An Encoder does it.
//
// # Guarantees
//
// Indices are those of Keras with TensorFlow, for every text and salt: hashes are the remainders of FarmHash's Fingerprint64, or of SipHash-2-4 where there
// is a salt. They are whole numbers below Indices(), or -1 for a mask that counts for nothing, and exact as float32. Texts are compared byte by byte, as
// UTF-8.
//
// # Failures
//
// Check refuses what no Keras layer says. Index refuses a text without an index: one that is not in the vocabulary where num_oov_indices is 0, and what is
// no number where the layer takes numbers. Nothing panics for a Lookup that Check accepts.
package lookup
