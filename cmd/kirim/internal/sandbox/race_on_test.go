//go:build race

package sandbox

import "time"

// costLimit is higher under the race detector, for which what goroutines share, such
// as a journal, is the most expensive.
const costLimit = 2.0

// liveLimit is higher, too: everything is several times slower.
const liveLimit = 500 * time.Millisecond
