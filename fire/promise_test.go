package fire

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// randomFault is something that can happen to a request on its way.
func randomFault(r *rand.Rand) kirimtest.Fault {
	statuses := []int{400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 520}
	retryAfter := []string{"", "0", "1", "30", "3600", "soon", "Sat, 01 Jan 2000 00:00:05 GMT"}
	f := kirimtest.Fault{Processed: r.IntN(2) == 0}
	switch r.IntN(7) {
	case 0:
		f.Drop = true
	case 1:
		f.Unread = true
	case 2:
		f.Cut = true
	case 3:
		f.Hang = true
	case 4:
		f.Slow = time.Duration(r.IntN(60)) * time.Second
	case 5:
		f.Delay = time.Duration(r.IntN(60)) * time.Second
	default:
		f.Status = statuses[r.IntN(len(statuses))]
		if value := retryAfter[r.IntN(len(retryAfter))]; value != "" {
			f.Header = http.Header{"Retry-After": {value}}
		}
		if r.IntN(2) == 0 {
			f.Body = "<html>from a proxy</html>"
		}
		// A refusal is believed: no server says 404 of what it has done.
		refusal := f.Status < 500 && f.Status != http.StatusRequestTimeout ||
			f.Status == http.StatusServiceUnavailable && f.Header != nil
		f.Processed = f.Processed && !refusal
	}
	return f
}

// The central promise: whatever happens on the way, a message is processed at
// most once, exactly once when the send succeeded, and not at all when the
// error says that it was not sent.
func TestNoSequenceOfFaultsSendsTwiceOrInTheDark(t *testing.T) {
	const runs = 3000
	var succeeded, failed, doubtful, unfounded int
	for seed := range uint64(runs) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			sandbox := kirimtest.Start(t, kirimtest.WithoutListener())
			sandbox.Receive(kirimtest.Inbound{From: recipient, Text: "Halo"})
			opts := []kirim.Option{kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 3, RepeatInternalErrors: r.IntN(2) == 0})}
			if r.IntN(2) == 0 { // as with a server that honours no keys
				opts = append(opts, kirim.WithoutIdempotencyKeys())
			}
			client, err := sandbox.Client(opts...)
			if err != nil {
				t.Fatal(err)
			}
			var faults []kirimtest.Fault
			for range r.IntN(6) {
				f := randomFault(r)
				faults = append(faults, f)
				sandbox.Fault(f)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+r.IntN(300))*time.Second)
			defer cancel()
			_, err = client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(ctx, hello)
			n := sandbox.MessageCount()
			var answer *kirim.Error
			var lost *kirim.TransportError
			switch {
			case n > 1, err == nil && n != 1, err != nil && !kirim.MaybeSent(err) && n != 0:
				t.Errorf("seed %d: processed %d times, MaybeSent %v: %v\nfaults: %+v", seed, n, kirim.MaybeSent(err), err, faults)
			case err == nil:
				succeeded++
			case !errors.As(err, &answer) && !errors.As(err, &lost):
				t.Errorf("seed %d: the error is neither of the two kinds: %v", seed, err)
			case !kirim.MaybeSent(err):
				failed++
			case n == 0:
				unfounded++
			default:
				doubtful++
			}
		})
	}
	t.Logf("of %d sends %d succeeded, %d failed and were not sent, %d failed and may be sent (%d of them were)",
		runs, succeeded, failed, doubtful+unfounded, doubtful)
	if succeeded == 0 || failed == 0 || doubtful == 0 || unfounded == 0 {
		t.Error("one of the four outcomes never came: the faults are not what they were")
	}
}
