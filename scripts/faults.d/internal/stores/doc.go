// Package stores makes the stores that the cases of the fault campaign run in, and looks at them from outside.
//
// A Template is a store that has been filled once; every case gets a Copy of it: of the folder store a copy of the folder, of
// PostgreSQL a database made from the template's. A copy tells its State, the digests of its tables by which two states are compared
// bit by bit, and its Leftovers, everything that is neither a table nor what a living process needs.
package stores
