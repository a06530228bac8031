//go:build !race

package templates_test

const raceDetector = false
