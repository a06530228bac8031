//go:build !linux

package templates

import (
	"os"
	"testing"
)

// withoutRoot runs f. Elsewhere than on Linux a test cannot give up the rights of root
// for one thread, so that it is skipped for root there.
func withoutRoot(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere: run this as another user")
	}
	f()
}
