// Package lint holds the project's own rules about its source, as tests whose message says what to do: which package may
// import which, where each foreign library lives, and that every package says what it is for.
package lint
