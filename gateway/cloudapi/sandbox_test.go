package cloudapi_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

// inSandbox is a number of a sandbox that speaks Meta's API.
func inSandbox(t *testing.T, opts ...kirimtest.Option) (*kirimtest.Server, *cloudapi.PhoneNumber) {
	t.Helper()
	sandbox := kirimtest.Start(t, append(opts, kirimtest.WithoutListener())...)
	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	return sandbox, client.WithAppSecret(sandbox.AppSecret).PhoneNumber(sandbox.PhoneNumberID)
}

func TestABurstToOneRecipientWaitsAndIsSentOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sandbox, number := inSandbox(t, kirimtest.WithMetaLimits(kirimtest.MetaLimits{PairRate: true}))
		received := sandbox.Receive(kirimtest.Inbound{From: hello.To, Text: "Halo"})
		began := time.Now()
		for i := range 4 {
			if i == 3 {
				time.Sleep(7 * time.Second) // the burst is over, and owes 18 s
			}
			if _, err := number.Send(t.Context(), hello); err != nil {
				t.Fatalf("message %d: %v", i+1, err)
			}
		}
		if n := sandbox.MessageCount(); n != 4 || time.Since(began) < 18*time.Second {
			t.Errorf("%d messages in %v", n, time.Since(began))
		}
		if err := errors.Join(number.MarkRead(t.Context(), received.WAMID), number.ShowTyping(t.Context(), received.WAMID)); err != nil {
			t.Error(err)
		}
	})
}
