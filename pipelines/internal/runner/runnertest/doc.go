// Package runnertest is the conformance suite of runners: small pipelines that prove what pipelines rely on, whatever the runner
// and wherever its workers are.
//
// The DoFns leave what they saw in a folder, which workers of this machine share with the test. A test binary is its own worker:
// TestMain calls Main.
package runnertest
