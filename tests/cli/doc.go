// Package cli tests the command line with the built binary, by scripts in testdata (package testscript of go-internal):
//
//	testdata/usage     what needs no store: help, completion, wrong usage
//	testdata/both      run on the folder store and on PostgreSQL
//	testdata/file      the folder store only
//	testdata/postgres  PostgreSQL only
//
// A script runs in a folder of its own with the input files of the quickstart (iris.csv, iris_mlp.json,
// iris_transfer.json). BEAMFIT_DB names an empty store there, on PostgreSQL a schema of its own, and COMPILE holds the page's
// compile_params. Beside what testscript has there are
//
//	exits CODE COMMAND [ARG...]   a command: run COMMAND, which must exit with that code
//	[store:file]                  conditions: the kind of the store
//	[store:postgres]
//
// The scripts on PostgreSQL need BEAMFIT_TEST_PG (scripts/test sets it) and psql. With BEAMFIT_UPDATE_GOLDEN=1 the scripts'
// expected outputs are rewritten with the real ones.
package cli
