//go:build !race

package sandbox

// costLimit is how much more CPU time a sandbox may take when its page is open.
const costLimit = 1.5
