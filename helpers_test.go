package kirim_test

import (
	"errors"
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

// wantRefusal fails unless err is a refusal before sending that names the path;
// an empty path stands for any.
func wantRefusal(t *testing.T, err error, path string) {
	t.Helper()
	var e *kirim.ValidationError
	switch {
	case !errors.As(err, &e) || len(e.Violations) == 0:
		t.Errorf("error is %T (%v), want a *kirim.ValidationError", err, err)
		return
	case kirim.MaybeSent(err) || kirim.IsTemporary(err):
		t.Errorf("%v: in doubt or temporary", err)
	}
	for _, v := range e.Violations {
		if v.Path == "" || v.Limit == "" || v.Actual == "" {
			t.Errorf("%+v says too little", v)
		}
	}
	if path != "" && e.Violations[0].Path != path {
		t.Errorf("%v: the path is %q, want %q", err, e.Violations[0].Path, path)
	}
	wantText(t, err, "invalid request: "+path)
}

var hello = kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Halo"}}
