package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

func TestTheQuickstartTellsWhatItShows(t *testing.T) {
	t.Setenv("KIRIM_API_KEY", "")
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		began := time.Now()
		if err := run(t.Context(), &out, kirimtest.WithoutListener()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < time.Second {
			t.Errorf("the 429 was not waited out: it all took %v", took)
		}
		for _, want := range []string{
			`using a sandbox at http://127\.0\.0\.1.*/v1`,
			`STEP +MESSAGE +REQUEST +ATTEMPTS +RATE LIMIT`,
			`text +msg_\w{26} +req_\w{26} +1 +59 of 60 left`,
			`template +msg_\w{26} +req_\w{26} +1 +58 of 60 left`,
			`text outside the 24-hour window +refused: the window is closed +req_\w{26} +1 `,
			`  rescued by a template +msg_\w{26} +req_\w{26} +2 `,
			`429 with Retry-After: 1 +msg_\w{26} +req_\w{26} +2 `,
			`502 twice, HTML from a proxy +msg_\w{26} +req_\w{26} +3 `,
			`502 after the message went out +msg_\w{26} +req_\w{26} +2 `,
			`  key order-1043:arrival: the customer got 1\n`,
			`The sandbox saw 12 requests and sent 6 messages\.`,
		} {
			if !regexp.MustCompile(want).MatchString(out.String()) {
				t.Errorf("the output lacks %s:\n%s", want, out.String())
			}
		}
	})
}

func TestTheNumberToWriteToIsNamedWhenItIsMissing(t *testing.T) {
	t.Setenv("KIRIM_API_KEY", "kdv_live_test")
	t.Setenv("KIRIM_PHONE_NUMBER_ID", "106540352242922")
	t.Setenv("KIRIM_TO", "")
	if err := run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "KIRIM_TO is not set") {
		t.Errorf("the error is %v", err)
	}
}
