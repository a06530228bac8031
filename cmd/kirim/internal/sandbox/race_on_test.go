//go:build race

package sandbox

// costLimit is higher under the race detector, for which what goroutines share, such
// as a journal, is the most expensive.
const costLimit = 2.0
