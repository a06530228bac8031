// Package storetest checks stores that several processes share: what each
// implementation of an interface of package kirim must do, so that messages go
// out once. Run it in the tests of an implementation.
package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// WindowStore checks a [kirim.WindowStore] that is a [kirim.WindowDecider] too. It
// calls open for each subtest, which returns how a process connects to a store
// that is new and empty. What connect returns may be the same value each time.
//
// How long decisions are kept is checked by [WindowStoreRetention].
func WindowStore(t *testing.T, open func(t *testing.T) (connect func() kirim.WindowStore)) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, func() kirim.WindowStore){
		"windows":                windows,
		"the first call decides": firstDecides,
		"keys are told apart":    keysApart,
		"calls at once agree":    agree,
		"a context that ended":   ended,
		"one message":            oneMessage,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

// WindowStoreRetention checks that decisions are kept for the 24 hours for which the
// server remembers a key. The store is new and empty; pass lets time pass for it,
// as [time.Sleep] does in a bubble of testing/synctest.
func WindowStoreRetention(t *testing.T, store kirim.WindowStore, pass func(time.Duration)) {
	t.Helper()
	for i := range 25 {
		if i > 0 {
			pass(time.Hour)
		}
		// Other calls go on, and asking again prolongs nothing that matters.
		wantDecided(t, store, fmt.Sprint("call of hour ", i), i%2 == 0, i%2 == 0)
		wantDecided(t, store, "asked every hour", i > 0, false)
	}
	for i := range 25 {
		wantDecided(t, store, fmt.Sprint("call of hour ", i), i%2 != 0, i%2 == 0)
	}
}

// wantDecided asks for a decision about a key.
func wantDecided(t *testing.T, store kirim.WindowStore, key string, template, want bool) {
	t.Helper()
	decided, err := decider(t, store).Decide(t.Context(), key, template)
	if err != nil || decided != want {
		t.Errorf("Decide(%q, %v) is %v, %v, want %v", key, template, decided, err, want)
	}
}

func decider(t *testing.T, store kirim.WindowStore) kirim.WindowDecider {
	t.Helper()
	d, ok := store.(kirim.WindowDecider)
	if !ok {
		t.Fatalf("%T is no kirim.WindowDecider", store)
	}
	return d
}

func windows(t *testing.T, connect func() kirim.WindowStore) {
	writer, reader := connect(), connect()
	began := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	wantOpened := func(number, customer string, want time.Time) {
		t.Helper()
		if at, err := reader.LastOpened(t.Context(), number, customer); err != nil || !at.Equal(want) {
			t.Errorf("%s last wrote to %s at %v, %v, want %v", customer, number, at, err, want)
		}
	}
	wantOpened("1", "6281100000001", time.Time{})
	for _, after := range []time.Duration{time.Minute, time.Hour, 0, time.Minute} {
		if err := writer.Opened(t.Context(), "1", "6281100000001", began.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Opened(t.Context(), "2", "ID.5", began); err != nil {
		t.Fatal(err)
	}
	wantOpened("1", "6281100000001", began.Add(time.Hour))
	wantOpened("2", "ID.5", began)
	wantOpened("2", "6281100000001", time.Time{})
	wantOpened("1", "6281100000002", time.Time{})
	// A key that looks like a customer is another thing.
	wantDecided(t, writer, "1:6281100000001", true, true)
	wantOpened("1", "6281100000001", began.Add(time.Hour))
}

func firstDecides(t *testing.T, connect func() kirim.WindowStore) {
	for _, first := range []bool{true, false} {
		key := fmt.Sprint("first is ", first)
		for range 3 {
			wantDecided(t, connect(), key, first, first)
			wantDecided(t, connect(), key, !first, first)
		}
	}
}

func keysApart(t *testing.T, connect func() kirim.WindowStore) {
	store := connect()
	long := strings.Repeat("k", 254)
	keys := []string{
		"order-1", "order-10", "ORDER-1", "order_1", "order%1", "order*1", "order-1 x", "order-1  x", `order\1`, `order'1`, `order"1`, "order:1",
		"order/1", "order{1}", "1", "01", "0", "null", "true", long, long + "a", long + "b", long + "B",
	}
	for i, key := range keys {
		wantDecided(t, store, key, i%2 == 0, i%2 == 0)
	}
	for i, key := range keys {
		wantDecided(t, store, key, i%2 != 0, i%2 == 0)
	}
}

func agree(t *testing.T, connect func() kirim.WindowStore) {
	const processes, rounds = 8, 20
	deciders := make([]kirim.WindowDecider, processes)
	for i := range deciders {
		deciders[i] = decider(t, connect())
	}
	for round := range rounds {
		var all sync.WaitGroup
		var decided [processes]bool
		var errs [processes]error
		key := fmt.Sprint("round ", round)
		for i, d := range deciders {
			all.Go(func() { decided[i], errs[i] = d.Decide(t.Context(), key, i%2 == 0) })
		}
		all.Wait()
		for i := range deciders {
			if errs[i] != nil || decided[i] != decided[0] {
				t.Fatalf("%s: %v, %v", key, decided, errs)
			}
		}
	}
}

// ended checks that a call that was given up decides or does not, but says no
// other than what holds.
func ended(t *testing.T, connect func() kirim.WindowStore) {
	store := connect()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	said, err := decider(t, store).Decide(ctx, "k", true)
	holds, after := decider(t, store).Decide(t.Context(), "k", false)
	if after != nil || err == nil && said != holds {
		t.Errorf("%v, %v, and then %v, %v", said, err, holds, after)
	}
}

// oneMessage lets two processes that think differently send under one key at
// once.
func oneMessage(t *testing.T, connect func() kirim.WindowStore) {
	const calls = 10
	sandbox := kirimtest.NewServer(kirimtest.WithoutListener())
	defer sandbox.Close()
	const customer = "+6281100000001"
	sandbox.Receive(kirimtest.Inbound{From: customer, Text: "Halo"})
	text := kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "Halo"}}
	template := kirim.Template{Name: "hello_world", Language: "en_US"}
	var both [2]*kirim.MessagesService
	for i := range both {
		client, err := sandbox.Client(kirim.WithWindowStore(connect()))
		if err != nil {
			t.Fatal(err)
		}
		both[i] = client.PhoneNumber(sandbox.PhoneNumberID).Messages
	}
	for call := range calls {
		key := kirim.WithIdempotencyKey(fmt.Sprint("call ", call))
		opts := [2][]kirim.RequestOption{{key}, {key, kirim.WithTemplateFirst()}}
		var accepted [2]*kirim.AcceptedMessage
		var errs [2]error
		var all sync.WaitGroup
		for i, messages := range both {
			all.Go(func() { accepted[i], errs[i] = messages.SendOrTemplate(t.Context(), text, template, opts[i]...) })
		}
		all.Wait()
		if errs[0] != nil || errs[1] != nil {
			t.Fatalf("call %d: %v", call, errs)
		}
		if accepted[0].ID != accepted[1].ID || accepted[0].UsedTemplate != accepted[1].UsedTemplate {
			t.Errorf("call %d: two messages: %+v and %+v", call, accepted[0], accepted[1])
		}
	}
	if n := sandbox.MessageCount(); n != calls {
		t.Errorf("%d calls stored %d messages", calls, n)
	}
}

// Windows is [WindowStore].
//
// Deprecated: use WindowStore.
func Windows(t *testing.T, open func(t *testing.T) (connect func() kirim.WindowStore)) {
	t.Helper()
	WindowStore(t, open)
}

// WindowsKeep is [WindowStoreRetention].
//
// Deprecated: use WindowStoreRetention.
func WindowsKeep(t *testing.T, store kirim.WindowStore, pass func(time.Duration)) {
	t.Helper()
	WindowStoreRetention(t, store, pass)
}
