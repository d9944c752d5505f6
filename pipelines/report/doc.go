// Package report writes a page about a model: one HTML file with everything in it, which opens without a network.
//
// # Vocabulary
//
// A Document is what the page says, as plain values: who makes it has read the tables. A fact is a name with a value.
//
// # Guarantees
//
// The page fetches nothing and runs nothing, and forbids both to whatever it may hold (Content-Security-Policy). Values are text: whatever a name or a
// value holds is shown and not read as HTML, and characters that show nothing or turn text round become U+FFFD. It reads at the width of a phone,
// where wide tables scroll in themselves, and on paper. Pictures are those of package picture, with what they show in words for who cannot see them. The
// same document gives the same bytes.
package report
