package fire

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// history is what happens to a few messages: the calls that are made for
// them, one after the other, and what goes wrong on the way.
type history struct {
	keyed          bool // the server honours keys
	repeatInternal bool
	windowOpen     bool
	windowMemory   bool
	// By message: a program sends one in the same way each time. Under one key,
	// Send and SendOrTemplate are two different requests.
	orTemplate [2]bool
	faults     []kirimtest.Fault
	calls      []sendCall
}

// sendCall is one call for a message. With keys, calls for the same message
// carry the same key, as those of a program that does not know what became of
// its last try.
type sendCall struct {
	message   int
	pause     time.Duration // before it
	written   bool          // the customer writes first
	noRetry   bool
	restarted bool // the program has been started anew since the last call
	patience  time.Duration
}

var anyFault = rapid.Custom(func(t *rapid.T) kirimtest.Fault {
	f := kirimtest.Fault{Processed: rapid.Bool().Draw(t, "processed")}
	seconds := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second
	})
	switch rapid.SampledFrom([]string{"status", "drop", "unread", "cut", "hang", "slow", "delay"}).Draw(t, "fault") {
	case "drop":
		f.Drop = true
	case "unread":
		f.Unread = true
	case "cut":
		f.Cut = true
	case "hang":
		f.Hang = true
	case "slow":
		f.Slow = seconds.Draw(t, "slow")
	case "delay":
		f.Delay = seconds.Draw(t, "delay")
	default:
		f.Status = rapid.SampledFrom([]int{400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 520}).Draw(t, "status")
		if value := rapid.SampledFrom([]string{"", "0", "1", "30", "3600", "soon", "Sat, 01 Jan 2000 00:00:05 GMT"}).Draw(t, "Retry-After"); value != "" {
			f.Header = http.Header{"Retry-After": {value}}
		}
		if rapid.Bool().Draw(t, "html") {
			f.Body = "<html>from a proxy</html>"
		}
		// A refusal is believed: no server says 404 of what it has done.
		refusal := f.Status < 500 && f.Status != http.StatusRequestTimeout ||
			f.Status == http.StatusServiceUnavailable && f.Header != nil
		f.Processed = f.Processed && !refusal
	}
	return f
})

var anyHistory = rapid.Custom(func(t *rapid.T) history {
	h := history{
		keyed:          rapid.Bool().Draw(t, "keyed"),
		repeatInternal: rapid.Bool().Draw(t, "repeat internal errors"),
		windowOpen:     rapid.Bool().Draw(t, "window open"),
		windowMemory:   rapid.Bool().Draw(t, "window memory"),
		faults:         rapid.SliceOfN(anyFault, 0, 8).Draw(t, "faults"),
	}
	for i := range h.orTemplate {
		h.orTemplate[i] = rapid.Bool().Draw(t, "or template")
	}
	h.calls = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sendCall {
		return sendCall{
			message:   rapid.IntRange(0, 1).Draw(t, "message"),
			pause:     time.Duration(rapid.IntRange(0, 5).Draw(t, "pause")) * time.Hour, // keys are kept for longer
			written:   rapid.Bool().Draw(t, "written"),
			noRetry:   rapid.Bool().Draw(t, "no retry"),
			restarted: rapid.Bool().Draw(t, "restarted"),
			patience:  time.Duration(rapid.IntRange(1, 300).Draw(t, "patience")) * time.Second,
		}
	}), 1, 4).Draw(t, "calls")
	return h
})

// fate is what became of one message.
type fate struct {
	texts     int  // processed by the server
	templates int  // likewise, in place of the text
	either    bool // the server has kept its refusals, so that only one of the two may be out
	succeeded bool // so one of the calls said
	doubtful  bool // so one of them said
	last      error
}

func (f fate) processed() int { return f.texts + f.templates }

// broken says how the promise was broken, if it was.
func (f fate) broken() string {
	switch {
	case f.texts > 1 || f.templates > 1 || f.either && f.processed() > 1:
		return "was processed twice"
	case f.succeeded && f.processed() == 0:
		return "was reported as sent and never processed"
	case !f.succeeded && !f.doubtful && f.processed() > 0:
		return "was reported as not sent and processed"
	}
	return ""
}

// live plays a history and returns the fates of its messages. Must be called
// in a bubble.
func (h history) live(t *testing.T) []fate {
	t.Helper()
	sandbox := kirimtest.Start(t, kirimtest.WithoutListener())
	memory := kirim.NewMemoryWindowStore(10)
	write := func() {
		sandbox.Receive(kirimtest.Inbound{From: recipient, Text: "Halo"})
		if err := memory.Opened(t.Context(), sandbox.PhoneNumberID, recipient[1:], time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if !h.windowOpen {
		time.Sleep(25 * time.Hour)
	}
	refusesInVain := slices.ContainsFunc(h.faults, func(f kirimtest.Fault) bool { return f.Status == http.StatusUnprocessableEntity })
	for _, f := range h.faults {
		sandbox.AddFault(f)
	}
	fates := map[string]*fate{}
	var client *kirim.Client
	for i, call := range h.calls {
		time.Sleep(call.pause)
		if call.written {
			write()
		}
		if client == nil || call.restarted {
			opts := []kirim.Option{kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 3, WithoutInternalErrorRetry: !h.repeatInternal})}
			if !h.keyed {
				opts = append(opts, kirim.WithoutIdempotencyKeys())
			}
			if h.windowMemory {
				opts = append(opts, kirim.WithWindowStore(memory))
			}
			var err error
			if client, err = sandbox.Client(opts...); err != nil {
				t.Fatal(err)
			}
		}
		name := fmt.Sprintf("message %d", call.message)
		var opts []kirim.RequestOption
		if h.keyed {
			opts = append(opts, kirim.WithIdempotencyKey(name))
		} else {
			name = fmt.Sprintf("message of call %d", i) // calling twice is sending twice
		}
		if call.noRetry {
			opts = append(opts, kirim.WithoutRetry())
		}
		if fates[name] == nil {
			fates[name] = &fate{either: !refusesInVain}
		}
		message := kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: name}}
		template := kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody(name)}}
		messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages
		ctx, cancel := context.WithTimeout(t.Context(), call.patience)
		var err error
		if h.orTemplate[call.message] {
			_, err = messages.SendOrTemplate(ctx, message, template, opts...)
		} else {
			_, err = messages.Send(ctx, message, opts...)
		}
		cancel()
		var answer *kirim.Error
		var lost *kirim.TransportError
		if err != nil && !errors.As(err, &answer) && !errors.As(err, &lost) {
			t.Fatalf("the error is neither of the two kinds: %v", err)
		}
		f := fates[name]
		f.succeeded = f.succeeded || err == nil
		f.doubtful = f.doubtful || kirim.MaybeSent(err)
		f.last = err
	}
	time.Sleep(time.Hour) // whatever is still on its way arrives
	list := make([]fate, 0, len(fates))
	for name, f := range fates {
		for _, m := range sandbox.Messages() {
			switch ours := bytes.Contains(m.Body, []byte(`"`+name+`"`)); {
			case ours && m.Type == "text":
				f.texts++
			case ours:
				f.templates++
			}
		}
		list = append(list, *f)
	}
	return list
}

// histories is how many the promise is held against.
const histories = 4000

// The central promise: whatever happens on the way, a message is processed at
// most once, exactly once when the send succeeded, and not at all when the
// errors say that it was not sent.
func TestNoSequenceOfFaultsSendsTwiceOrInTheDark(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(fmt.Sprint(histories)); err != nil {
			t.Fatal(err)
		}
	}
	var succeeded, failed, doubtful, unfounded int
	rapid.Check(t, func(rt *rapid.T) {
		h := anyHistory.Draw(rt, "history")
		var fates []fate
		synctest.Test(t, func(t *testing.T) { fates = h.live(t) })
		for _, f := range fates {
			if how := f.broken(); how != "" {
				rt.Errorf("a message %s; the last error was: %v", how, f.last)
			}
			switch {
			case f.succeeded:
				succeeded++
			case !f.doubtful:
				failed++
			case f.processed() == 0:
				unfounded++
			default:
				doubtful++
			}
		}
	})
	t.Logf("%d messages were sent, %d failed and were not sent, %d failed and may be sent (%d of them were)",
		succeeded, failed, doubtful+unfounded, doubtful)
	if succeeded == 0 || failed == 0 || doubtful == 0 || unfounded == 0 {
		t.Error("one of the four outcomes never came: the faults are not what they were")
	}
}

// The check can fail: a server that does not keep its side is noticed.
func TestTheCheckOfThePromiseNoticesAServerThatBreaksIt(t *testing.T) {
	for name, f := range map[string]kirimtest.Fault{
		"was processed twice":                      {Twice: true},
		"was reported as sent and never processed": {Status: http.StatusOK, Body: `{"data":{"id":"msg_1","status":"pending"}}`},
		"was reported as not sent and processed":   {Status: http.StatusForbidden, Processed: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := history{keyed: true, windowOpen: true, faults: []kirimtest.Fault{f}, calls: []sendCall{{patience: time.Minute}}}
			if fates := h.live(t); len(fates) != 1 || fates[0].broken() != name {
				t.Errorf("a message that %s was found to be %+v", name, fates)
			}
		})
	}
}
