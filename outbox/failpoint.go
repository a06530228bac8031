//go:build !outboxfailpoints

package outbox

import "github.com/riverqueue/river/rivertype"

// failpoint marks a place at which a test lets the process die. It does so in
// a build with the tag outboxfailpoints only.
func failpoint(string) {}

// riverClock is another clock for River, in tests; nil for the real one.
func riverClock() rivertype.TimeGenerator { return nil }
