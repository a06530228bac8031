//go:build !race

package sandbox

import "time"

// costLimit is how much more CPU time a sandbox may take when its page is open.
const costLimit = 1.5

// liveLimit is how soon most messages are in an open page.
const liveLimit = 200 * time.Millisecond
