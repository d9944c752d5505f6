// Package examples tests docs/examples and the command lines in the documentation.
//
// Each file is read by a parser of its kind: cron expressions, unit files (and systemd-analyze, where it is installed), YAML, Python
// (where it is installed) and BuildKit's for the Dockerfile. The shell scripts run, on both stores.
//
// Every command line of beamfit, in the examples, in docs/*.md and in the README, is given to the built program in an empty store. It
// fails there, mostly, as its tables do not exist; what it must not do is exit with 2, wrong usage, so that no example has a flag or a
// number of arguments that the program does not take. Lines with "..." are abbreviations and are left out.
package examples
