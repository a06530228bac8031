//go:build race

package templates_test

// Under the race detector generated code of all combinations takes a minute to check.
const raceDetector = true
