package main

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

// schedule lets the sandbox deliver an event to a receiver that is down, and
// returns when each attempt was made, counted from the first.
func schedule() ([]time.Duration, error) {
	sandbox := kirimtest.NewServer(kirimtest.WithoutListener(), kirimtest.WithoutWebhookJitter(),
		kirimtest.WithClock(kirimtest.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))),
		kirimtest.WithWebhookHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })))
	defer sandbox.Close()
	sandbox.Subscribe("https://example.com/hooks", "message.received")
	sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Text: "Is it ready?"})
	sandbox.Advance(7 * 24 * time.Hour)
	deliveries := sandbox.Deliveries()
	if len(deliveries) != 1 || deliveries[0].Status != kirimtest.DeliveryDead {
		return nil, fmt.Errorf("the sandbox did not give up: %+v", deliveries)
	}
	var at []time.Duration
	for _, try := range deliveries[0].Attempts {
		at = append(at, try.Time.Sub(deliveries[0].Attempts[0].Time))
	}
	return at, nil
}

// deliveryPicture shows what becomes of a webhook delivery.
func deliveryPicture() ([]byte, error) {
	at, err := schedule()
	if err != nil {
		return nil, err
	}
	const left, right = 40.0, 825.0
	c := newCanvas(430)

	c.box(left, 40, 130, 52, "box", "event", "in your account")
	c.box(250, 40, 150, 52, "blue", "pending", "an attempt is due")
	c.arrow(left+130, 66, 248, 66)
	for i, end := range []struct{ class, state, meaning, why string }{
		{"green", "delivered", "nothing more to do", "2xx"},
		{"red", "failed", "given up at once", "4xx, but not 408 and 429"},
		{"red", "dead", "given up", fmt.Sprintf("attempt %d failed", len(at))},
	} {
		y := 22 + 74*float64(i)
		c.box(640, y, 170, 52, end.class, end.state, end.meaning)
		c.arrow(400, 66, 440, 66, 440, y+26, 638, y+26)
		c.text(540, y+20, "middle", "s", end.why)
	}
	c.arrow(290, 92, 290, 126, 360, 126, 360, 94)
	c.text(325, 144, "middle", "s", "anything else, or 10 s of silence")
	c.text(325, 161, "middle", "s q", "wait, then try again")
	c.arrow(725, 222, 725, 246, 215, 246, 215, 84, 248, 84)
	c.text(470, 240, "middle", "s", "Replay, of a failed one too: a new delivery, the same event id")

	// The time axis is logarithmic, from ten seconds on.
	x := func(d time.Duration) float64 {
		if d < 5*time.Second {
			return left
		}
		first, last := math.Log(at[1].Seconds()), math.Log(at[len(at)-1].Seconds())
		return left + 70 + (right-left-70)*(math.Log(d.Seconds())-first)/(last-first)
	}
	const axis = 340.0
	c.text(left, 290, "start", "b", "When it is tried, from the first attempt on")
	c.text(right, 290, "end", "s q", "each wait is up to a fifth shorter or longer; the scale is logarithmic")
	c.line("line", left, axis, right, axis)
	for i, d := range at {
		class := "blue"
		if i == len(at)-1 {
			class = "red"
		}
		fmt.Fprintf(&c.b, `<circle class="%s" cx="%.5g" cy="%g" r="12"/>`+"\n", class, x(d), axis)
		c.text(x(d), axis+4.5, "middle", "s b", fmt.Sprint(i+1))
		c.text(x(d), axis+32, "middle", "s", short(d))
	}
	c.text(left-12, axis+64, "start", "s q",
		"A subscription is disabled after many deliveries in a row that failed or died. Deliveries are forgotten 30 days after their creation.")
	return c.svg("The life of a webhook delivery: pending, then delivered, failed or dead; the times of its attempts; replay"), nil
}
