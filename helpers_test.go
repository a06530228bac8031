package kirim_test

import (
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// wantText fails unless err's text has want in it.
func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %q in it", err, want)
	}
}

var hello = kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Halo"}}
