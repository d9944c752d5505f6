// Package e2e runs the built binary as a user would, on the folder store and on a real PostgreSQL, and looks at the results
// from outside: with psql, and after kill -9. The tests on PostgreSQL skip when BEAMFIT_TEST_PG is not set (scripts/test sets it).
package e2e
